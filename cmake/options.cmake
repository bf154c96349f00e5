# What every target is compiled with, and the functions that folders use.

add_compile_options(
  $<$<COMPILE_LANGUAGE:C,CXX>:-Wall> $<$<COMPILE_LANGUAGE:C,CXX>:-Wextra>
  $<$<COMPILE_LANGUAGE:C,CXX>:-Wno-multichar>   # pool tags
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wthread-safety>)

# Any value of an enumeration may come from a caller, as C allows, and is answered: what is none of
# its names is no undefined behaviour without -fstrict-enums. A callback may be code of a loaded
# image, which says nothing of its type.
if(MICA_SANITIZE)
  set(sanitize -fsanitize=${MICA_SANITIZE} -fno-sanitize=enum -fno-sanitize-recover=all)
  if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    list(APPEND sanitize -fno-sanitize=function)
  endif()
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer ${sanitize})
  add_link_options(${sanitize})
endif()

# The executive's own dialect: no C++ exception crosses an NTAPI frame, and no initialisation runs
# before a System.
set(MICA_EXECUTIVE_OPTIONS -fno-exceptions -fno-rtti -fno-threadsafe-statics)

# For what is compiled again and again and need not be fast: tests, and the tool. They are not optimised where common
# headers are precompiled to build sooner, nor with AddressSanitizer, of whose checks the optimiser has the most to do.
# But unoptimised for ThreadSanitizer, g++ 12 mistakes the place of aligned locals.
function(mica_compile_quickly target)
  if(MICA_SANITIZE MATCHES address OR (MICA_PRECOMPILE AND NOT MICA_SANITIZE))
    target_compile_options(${target} PRIVATE -O0 -g1)
  else()
    target_compile_options(${target} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1 -g1>)
  endif()
endfunction()

# Headers that most sources of `target` include are compiled once, where that is asked for (MICA_PRECOMPILE). What a
# source then has without including it is no source's own: presets that do not ask notice.
function(mica_precompile target)
  if(MICA_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# Those of the executive.
set(MICA_EXECUTIVE_HEADERS <array> <atomic> <new> <span> <string_view>
  ${PROJECT_SOURCE_DIR}/include/nt/ex.h ${PROJECT_SOURCE_DIR}/include/nt/io.h
  ${PROJECT_SOURCE_DIR}/src/ke/scheduler.hpp ${PROJECT_SOURCE_DIR}/src/ob/type.hpp)

# Those of the host machine and of what explores on it.
set(MICA_HOST_HEADERS <algorithm> <functional> <memory> <optional> <string> <vector> <fmt/format.h>)

# Adds a folder that has a CMakeLists.txt.
function(mica_add_folder folder)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${PROJECT_SOURCE_DIR}/${folder} ${PROJECT_BINARY_DIR}/${folder})
  endif()
endfunction()

# Compiles the sources of a list (executive or conformance) into `target`.
function(mica_compile target list)
  target_sources(${target} PRIVATE $<TARGET_PROPERTY:${list},INTERFACE_SOURCES>)
endfunction()

# Gives `target` the include path of a machine, host or x64: the path is what chooses the machine.
function(mica_machine target machine)
  target_include_directories(${target} PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/hal_${machine})
endfunction()
