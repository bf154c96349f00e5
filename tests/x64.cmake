# The kernel boots with its self-tests and must end QEMU with exactly 33 (script/qemu says what else happened).

if(TARGET mica.elf)
  foreach(processors 1 2 4)
    add_test(NAME boot_${processors}
      COMMAND ${PROJECT_SOURCE_DIR}/script/qemu --processors ${processors} $<TARGET_FILE:mica.elf>)
    set_tests_properties(boot_${processors} PROPERTIES TIMEOUT 150 RUN_SERIAL ON)
  endforeach()
endif()
