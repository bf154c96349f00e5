# mica_add_driver(NAME SOURCE...): NAME.sys, a Windows driver of C sources, as drivers are built: by a compiler for
# Windows, against the DDK headers and import libraries of mingw-w64. A target of that name makes it; its property
# MICA_DRIVER says where. MICA_CAN_BUILD_DRIVERS says whether there is what that takes.
# MICA_CAN_BUILD_TRIES says whether a driver may have __try: earlier compilers than clang 19 keep only calls in it, and
# no fault of the code itself (tests/drivers/scopes.cpp proves that this one does).

find_program(MICA_DRIVER_COMPILER NAMES clang-19 clang)
find_program(MICA_DRIVER_LINKER ld.lld)
find_path(MICA_DDK_INCLUDE ntifs.h PATHS /usr/x86_64-w64-mingw32/include/ddk NO_DEFAULT_PATH)
find_library(MICA_NTOSKRNL NAMES libntoskrnl.a PATHS /usr/x86_64-w64-mingw32/lib NO_DEFAULT_PATH)

set(MICA_CAN_BUILD_DRIVERS OFF)
if(MICA_DRIVER_COMPILER AND MICA_DRIVER_LINKER AND MICA_DDK_INCLUDE AND MICA_NTOSKRNL)
  set(MICA_CAN_BUILD_DRIVERS ON)
endif()
find_program(MICA_TRIES_COMPILER clang-19)
set(MICA_CAN_BUILD_TRIES OFF)
if(MICA_CAN_BUILD_DRIVERS AND MICA_TRIES_COMPILER)
  set(MICA_CAN_BUILD_TRIES ON)
  set(driver_compiler ${MICA_TRIES_COMPILER} -Xclang -fasync-exceptions "-Wno-#warnings")
else()
  set(driver_compiler ${MICA_DRIVER_COMPILER})
endif()

function(mica_add_driver name)
  set(objects)
  foreach(source ${ARGN})
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    cmake_path(GET source STEM stem)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.${stem}.obj)
    add_custom_command(OUTPUT ${object} DEPENDS ${source} DEPFILE ${object}.d VERBATIM
      COMMAND ${driver_compiler} --target=x86_64-w64-windows-gnu -O2 -g0 -ffreestanding -fms-extensions
        -fasynchronous-unwind-tables -Wall -Werror -isystem ${MICA_DDK_INCLUDE} -isystem ${MICA_DDK_INCLUDE}/..
        -MD -MF ${object}.d -c ${source} -o ${object})
    list(APPEND objects ${object})
  endforeach()
  set(driver ${CMAKE_CURRENT_BINARY_DIR}/${name}.sys)
  add_custom_command(OUTPUT ${driver} DEPENDS ${objects} VERBATIM
    COMMAND ${MICA_DRIVER_LINKER} -m i386pep --subsystem native -e DriverEntry --image-base 0x140000000 --dynamicbase
      -shared --strip-all --exclude-all-symbols --no-insert-timestamp ${objects} ${MICA_NTOSKRNL} -o ${driver})
  add_custom_target(${name} ALL DEPENDS ${driver})
  set_target_properties(${name} PROPERTIES MICA_DRIVER ${driver})
endfunction()
