# Read by ctest: a test for each source file of `program`, a Catch2 one; its cases run in one
# process, because to start a process takes longer than most cases.
execute_process(COMMAND ${program} --filenames-as-tags --list-tags OUTPUT_VARIABLE tags)
string(REGEX MATCHALL "#[^]]+" files "${tags}")
if(NOT files)
  message(FATAL_ERROR "${program} names no source file of a case")
endif()
foreach(file IN LISTS files)
  string(SUBSTRING ${file} 1 -1 file)
  add_test(${name}/${file} ${program} --warn NoTests --filenames-as-tags "[#${file}]~[.]")
  set_tests_properties(${name}/${file} PROPERTIES TIMEOUT 600)
endforeach()
