# One executable holds every host test; Catch2's main is compiled once, at -O0: optimising it only
# costs time.

find_package(Catch2 REQUIRED)
find_package(rapidcheck REQUIRED)
include(Catch)

add_library(catch_main OBJECT ${CMAKE_CURRENT_LIST_DIR}/catch_main.cpp)
target_include_directories(catch_main PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_compile_options(catch_main PRIVATE -O0 -g0)
target_link_libraries(catch_main PRIVATE Catch2::Catch2)

add_executable(host_tests $<TARGET_OBJECTS:catch_main>)
mica_compile(host_tests conformance)
mica_compile_quickly(host_tests)
mica_machine(host_tests host)
target_include_directories(host_tests PRIVATE ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(host_tests PRIVATE mica Catch2::Catch2 rapidcheck)
target_precompile_headers(host_tests PRIVATE ${CMAKE_CURRENT_LIST_DIR}/catch.hpp)

foreach(folder base rtl trace verifier ke mm ob se ps ex io cm ldr abi init hal_host harness explore)
  mica_add_folder(tests/${folder})
endforeach()

mica_give_ram_disk(host_tests)
if(TARGET ram_disk)
  set(drivers exceptions.cpp load.cpp missing.cpp scopes.cpp trace.cpp)
  list(TRANSFORM drivers PREPEND ${CMAKE_CURRENT_LIST_DIR}/drivers/)
  target_sources(host_tests PRIVATE ${drivers})
  target_compile_definitions(host_tests PRIVATE MICA_TEST_DRIVERS="$<TARGET_PROPERTY:ram_disk,BINARY_DIR>")
endif()
catch_discover_tests(host_tests EXTRA_ARGS --warn NoTests PROPERTIES TIMEOUT 300)
mica_add_folder(tests/tidy)
mica_add_folder(tests/mutants)
mica_add_folder(tests/gdb)
mica_add_folder(tests/script)
mica_add_folder(tests/tools)
mica_add_folder(tests/fuzz)
