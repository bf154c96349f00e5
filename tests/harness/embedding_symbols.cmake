# Fails when the library's objects refer to what the embedding contract forbids: ways to exit, print, read the
# environment or install signal handlers.
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${NM} --undefined-only --format=just-symbols ${LIBRARY}
  OUTPUT_VARIABLE symbols ERROR_VARIABLE errors RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "nm failed: ${errors}")
endif()
string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
list(REMOVE_DUPLICATES symbols)
if(NOT "memfd_create" IN_LIST symbols)
  message(FATAL_ERROR "this does not look at the library: it must refer to memfd_create")
endif()
# sigaction and sigaltstack are for loaded drivers; embedding.cpp watches that nothing else calls them.
set(forbidden
  exit _exit _Exit quick_exit getenv secure_getenv setenv signal printf
  fprintf puts fputs fputc putchar putc fwrite vprintf vfprintf perror psignal syslog stdout stderr
  _ZSt4cout _ZSt4cerr _ZSt4clog)
set(found)
foreach(symbol ${forbidden})
  if(symbol IN_LIST symbols)
    list(APPEND found ${symbol})
  endif()
endforeach()
if(found)
  message(FATAL_ERROR "the library refers to ${found}")
endif()
list(LENGTH symbols count)
message(STATUS "none of the library's ${count} undefined symbols is forbidden")
