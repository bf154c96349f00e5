# mica_add_driver(NAME SOURCE... [EXCLUDE_FROM_ALL] [COMPILER clang|gcc] [OPTIONS FLAG...] [LINK_OPTIONS FLAG...]
# [DEPENDS FILE...]): NAME.sys, a Windows driver of C and C++ sources, as drivers are built: by a compiler for Windows,
# with the headers and the import library of Mica; beside it NAME.pdb, its public symbols. A target NAME makes both; its
# properties MICA_DRIVER and MICA_SYMBOLS say where. Who links the library NAME_image has the driver as data:
# NAME_image() of "NAME_image.hpp". OPTIONS are the compiler's, LINK_OPTIONS the linker's; DEPENDS are files that must
# be there before the sources are compiled. gcc is the one for mingw-w64: it has no __try, and says so.
# MICA_CAN_BUILD_DRIVERS says whether there is what that takes.

# Earlier ones keep only calls in a __try, and no fault of the code itself: tests/drivers/scopes.cpp proves that this
# one does.
find_program(MICA_DRIVER_COMPILER clang-19)
find_program(MICA_DRIVER_LINKER ld.lld)
find_program(MICA_DLLTOOL llvm-dlltool)
find_program(MICA_DRIVER_ARCHIVER llvm-ar)  # of the same package
find_program(MICA_DRIVER_GCC NAMES x86_64-w64-mingw32-gcc x86_64-w64-mingw32-gcc-win32)
find_program(MICA_DRIVER_GXX NAMES x86_64-w64-mingw32-g++ x86_64-w64-mingw32-g++-win32)

set(MICA_CAN_BUILD_DRIVERS OFF)
if(MICA_DRIVER_COMPILER AND MICA_DRIVER_LINKER AND MICA_DLLTOOL AND MICA_DRIVER_ARCHIVER)
  set(MICA_CAN_BUILD_DRIVERS ON)
  execute_process(COMMAND ${MICA_DRIVER_COMPILER} -print-resource-dir OUTPUT_VARIABLE freestanding
    OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(MICA_DRIVER_FREESTANDING ${freestanding}/include CACHE INTERNAL "")
endif()

# In the tree; an installed Mica says where they are.
if(NOT MICA_DRIVER_HEADERS)
  cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH tree)
  set(MICA_DRIVER_HEADERS ${tree}/include CACHE INTERNAL "")
  set(MICA_DRIVER_EXPORTS ${tree}/src/abi/exports.inc CACHE INTERNAL "")
endif()

set(MICA_GCC_DRIVER_FLAGS -O2 -g0 -ffreestanding -fms-extensions -fasynchronous-unwind-tables -mno-stack-arg-probe
  -Wall -Wno-multichar -D_AMD64_ -D_M_AMD64=100 -D_M_X64=100 CACHE INTERNAL "")
set(MICA_DRIVER_FLAGS --target=x86_64-w64-windows-gnu -O2 -g0 -ffreestanding -fms-extensions
  -fasynchronous-unwind-tables -Xclang -fasync-exceptions -mno-stack-arg-probe -Wall -Wno-unknown-pragmas
  -D_AMD64_ -D_M_AMD64=100 -D_M_X64=100 CACHE INTERNAL "")
set(MICA_DRIVER_CXX_FLAGS -std=c++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics CACHE INTERNAL "")

# One for all drivers of a build.
function(mica_import_library)
  if(NOT TARGET mica_import_library)
    set(library ${CMAKE_BINARY_DIR}/mica-drivers/libntoskrnl.a)
    set(script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/driver/import_library.cmake)
    add_custom_command(OUTPUT ${library} DEPENDS ${MICA_DRIVER_EXPORTS} ${script} VERBATIM
      COMMAND ${CMAKE_COMMAND} -D EXPORTS=${MICA_DRIVER_EXPORTS} -D LIBRARY=${library} -D DLLTOOL=${MICA_DLLTOOL}
        -P ${script})
    add_custom_target(mica_import_library DEPENDS ${library})
    set_target_properties(mica_import_library PROPERTIES MICA_LIBRARY ${library})
  endif()
endfunction()

# The compiler by that name, clang or gcc, of a source with that extension, with its flags and its own headers, into the
# variable.
function(mica_driver_compiler name extension variable)
  set(cxx)
  if(NOT extension STREQUAL ".c")
    set(cxx ${MICA_DRIVER_CXX_FLAGS})
  endif()
  if(name STREQUAL "clang")
    set(command ${MICA_DRIVER_COMPILER} ${MICA_DRIVER_FLAGS} ${cxx} -nostdinc -isystem ${MICA_DRIVER_FREESTANDING})
  elseif(name STREQUAL "gcc")
    set(program MICA_DRIVER_GCC)
    if(cxx)
      set(program MICA_DRIVER_GXX)
    endif()
    if(NOT ${program})
      message(FATAL_ERROR "A driver's source *${extension} wants gcc for mingw-w64, which is not there (${program}): "
        "Debian has it in gcc-mingw-w64-x86-64-win32, and for C++ in g++-mingw-w64-x86-64-win32")
    endif()
    execute_process(COMMAND ${${program}} -print-file-name=include OUTPUT_VARIABLE headers
      OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    set(command ${${program}} ${MICA_GCC_DRIVER_FLAGS} ${cxx} -nostdinc
      -isystem ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/driver/gcc -isystem ${headers})
  else()
    message(FATAL_ERROR "mica_add_driver: COMPILER is '${name}'; it is clang or gcc")
  endif()
  set(${variable} ${command} PARENT_SCOPE)
endfunction()

# The objects of a driver or of a library for drivers: NAME.STEM.obj in the current build folder, into the variable.
function(mica_compile_for_drivers compiler name variable options depends)
  set(objects)
  foreach(source ${ARGN})
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    cmake_path(GET source STEM stem)
    cmake_path(GET source EXTENSION LAST_ONLY extension)
    mica_driver_compiler(${compiler} ${extension} command)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.${stem}.obj)
    add_custom_command(OUTPUT ${object} DEPENDS ${source} ${depends} DEPFILE ${object}.d VERBATIM
      COMMAND ${command} ${options}
        -isystem ${MICA_DRIVER_HEADERS}/nt -isystem ${MICA_DRIVER_HEADERS}/nt/crt -isystem ${MICA_DRIVER_HEADERS}
        -MD -MF ${object}.d -c ${source} -o ${object})
    list(APPEND objects ${object})
  endforeach()
  set(${variable} ${objects} PARENT_SCOPE)
endfunction()

# What drivers are linked with that is no part of the kernel: wdmsec.lib. One for all drivers of a build; a driver takes
# of it what it uses.
function(mica_wdmsec_library)
  if(NOT TARGET mica_wdmsec_library)
    set(folder ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/driver/wdmsec)
    mica_compile_for_drivers(clang wdmsec objects "-Wextra;-Werror" "" ${folder}/class.c ${folder}/device.c
      ${folder}/sddl.c ${folder}/texts.c)
    set(library ${CMAKE_BINARY_DIR}/mica-drivers/libwdmsec.a)
    add_custom_command(OUTPUT ${library} DEPENDS ${objects} mica_import_library VERBATIM
      COMMAND ${CMAKE_COMMAND} -E rm -f ${library}
      COMMAND ${MICA_DRIVER_ARCHIVER} rcsD ${library} ${objects})
    add_custom_target(mica_wdmsec_library DEPENDS ${library})
    set_target_properties(mica_wdmsec_library PROPERTIES MICA_LIBRARY ${library})
  endif()
endfunction()

# The driver as data of a program. Its sources are C++, so that no other language need be enabled.
function(mica_add_driver_image name driver)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name}_image)
  foreach(kind cpp hpp)
    configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/driver/image.${kind}.in ${folder}/${identifier}_image.${kind}
      @ONLY)
  endforeach()
  add_library(${name}_image STATIC EXCLUDE_FROM_ALL ${folder}/${identifier}_image.cpp)
  target_include_directories(${name}_image PUBLIC ${folder})
  target_compile_features(${name}_image PUBLIC cxx_std_20)
  set_source_files_properties(${folder}/${identifier}_image.cpp PROPERTIES OBJECT_DEPENDS ${driver})
  add_dependencies(${name}_image ${name})
endfunction()

function(mica_add_driver name)
  cmake_parse_arguments(PARSE_ARGV 1 driver EXCLUDE_FROM_ALL "COMPILER" "OPTIONS;LINK_OPTIONS;DEPENDS")
  if(NOT MICA_CAN_BUILD_DRIVERS)
    message(FATAL_ERROR "Drivers are built by clang-19, ld.lld, llvm-dlltool and llvm-ar: not all of them are there")
  endif()
  if(NOT driver_COMPILER)
    set(driver_COMPILER clang)
  endif()
  mica_import_library()
  mica_wdmsec_library()
  mica_compile_for_drivers(${driver_COMPILER} ${name} objects "${driver_OPTIONS}" "${driver_DEPENDS}"
    ${driver_UNPARSED_ARGUMENTS})
  set(driver ${CMAKE_CURRENT_BINARY_DIR}/${name}.sys)
  set(symbols ${CMAKE_CURRENT_BINARY_DIR}/${name}.pdb)
  get_target_property(library mica_import_library MICA_LIBRARY)
  get_target_property(wdmsec mica_wdmsec_library MICA_LIBRARY)
  add_custom_command(OUTPUT ${driver} ${symbols} VERBATIM
    DEPENDS ${objects} mica_import_library ${library} mica_wdmsec_library ${wdmsec}
    COMMAND ${MICA_DRIVER_LINKER} -m i386pep --subsystem native -e DriverEntry --image-base 0x140000000 --dynamicbase
      -Xlink=/section:INIT,erd -shared --strip-all --exclude-all-symbols --no-insert-timestamp
      --pdb=${symbols} -Xlink=-pdbaltpath:${name}.pdb
      ${driver_LINK_OPTIONS} ${objects} ${wdmsec} ${library} -o ${driver})
  set(all ALL)
  if(driver_EXCLUDE_FROM_ALL)
    set(all)
  endif()
  add_custom_target(${name} ${all} DEPENDS ${driver})
  set_target_properties(${name} PROPERTIES MICA_DRIVER ${driver} MICA_SYMBOLS ${symbols})
  mica_add_driver_image(${name} ${driver})
endfunction()
