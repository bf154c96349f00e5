# Code whose every atomic operation is a scheduling point of the explorer, and whose accesses are looked at for races.
# Used by this build and by the installed package. MICA_BIND is bind.sh; only GNU ld dissolves the groups of inline
# functions when it binds objects.

find_program(MICA_BINDER ld.bfd)

# Blocks of memory are moved by calls, not by instructions that nobody announces, and volatile accesses are told from
# plain ones. g++ says that it does not instrument fences; it does. Objects of inline code that g++ makes unique to a
# process could not be made local.
add_library(mica_instrumented INTERFACE)
target_compile_definitions(mica_instrumented INTERFACE MICA_EXPLORED=1)
target_compile_options(mica_instrumented INTERFACE -fPIE -fsanitize=thread
  -fno-builtin-memset -fno-builtin-memcpy -fno-builtin-memmove -fno-builtin-memcmp
  $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan> $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>
  $<$<CXX_COMPILER_ID:GNU>:--param=tsan-distinguish-volatile=1>
  "$<$<CXX_COMPILER_ID:Clang>:SHELL:-mllvm -tsan-distinguish-volatile=1>")

# Binds the objects of `target`, instrumented, into one object that stands beside plain code (bind.sh).
function(mica_bind_explored target output)
  set(objects "$<FILTER:$<TARGET_OBJECTS:${target}>,INCLUDE,\\.o$>")  # and no precompiled header
  add_custom_command(OUTPUT ${output}
    COMMAND ${MICA_BIND} ${MICA_BINDER} ${CMAKE_NM} ${CMAKE_OBJCOPY} ${output} ${objects}
    DEPENDS ${target} ${objects} ${MICA_BIND}
    COMMAND_EXPAND_LISTS VERBATIM)
  set_source_files_properties(${output} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
endfunction()

# Adds sources to `target`, instrumented. What else they use is linked to `TARGET_explored`.
function(mica_explore_sources target)
  add_library(${target}_explored OBJECT ${ARGN})
  target_link_libraries(${target}_explored PRIVATE mica_instrumented mica::explore)
  set(bound ${CMAKE_CURRENT_BINARY_DIR}/${target}_explored.o)
  mica_bind_explored(${target}_explored ${bound})
  target_sources(${target} PRIVATE ${bound})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()
