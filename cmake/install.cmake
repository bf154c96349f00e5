# What `cmake --install` puts where find_package(mica) finds it.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mica)
install(TARGETS mica EXPORT mica ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET mica_explore)
  install(TARGETS mica_explore EXPORT mica ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/instrument.cmake DESTINATION ${package_dir})
  install(PROGRAMS ${PROJECT_SOURCE_DIR}/src/explore/bind.sh DESTINATION ${package_dir})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/driver.cmake DESTINATION ${package_dir})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/cmake/driver DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/src/abi/exports.inc DESTINATION ${package_dir}/driver)
install(EXPORT mica NAMESPACE mica:: DESTINATION ${package_dir} FILE micaTargets.cmake)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/micaConfig.cmake.in micaConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS CMAKE_INSTALL_INCLUDEDIR NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(micaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/micaConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/micaConfigVersion.cmake
  DESTINATION ${package_dir})
