# The kernel boots with its self-tests and must end QEMU with exactly 33 (script/qemu says what else
# happened).

if(TARGET mica.elf)
  set(ram_disk)
  if(TARGET ram_disk)
    set(ram_disk --ram-disk $<TARGET_PROPERTY:ram_disk,MICA_RAM_DISK>)
  endif()
  foreach(processors 1 2 4)
    add_test(NAME boot_${processors}
      COMMAND ${PROJECT_SOURCE_DIR}/script/qemu --processors ${processors} ${ram_disk} $<TARGET_FILE:mica.elf>)
    set_tests_properties(boot_${processors} PROPERTIES TIMEOUT 150 RUN_SERIAL ON)
  endforeach()

  # With deadlock detection, which must find nothing but what a case is about.
  add_test(NAME boot_deadlock-detection
    COMMAND ${PROJECT_SOURCE_DIR}/script/qemu --append deadlock-detection ${ram_disk} $<TARGET_FILE:mica.elf>)
  set_tests_properties(boot_deadlock-detection PROPERTIES TIMEOUT 150 RUN_SERIAL ON)

  # A person at the console: each command of the monitor answers, and quit ends QEMU with 33.
  add_test(NAME boot_monitor COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/monitor.sh
    ${PROJECT_SOURCE_DIR}/script/qemu $<TARGET_FILE:mica.elf>)
  set_tests_properties(boot_monitor PROPERTIES TIMEOUT 150 RUN_SERIAL ON)

  # Kernel options that make it fail must be seen to fail: status 3, and the reason on the console.
  foreach(option fail-check bugcheck hang-dpc hang-dispatch dpc-timeout-ms=soon special-pool=M*p time-rate=0)
    add_test(NAME boot_${option} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/boot_fails.sh
      ${PROJECT_SOURCE_DIR}/script/qemu $<TARGET_FILE:mica.elf> ${option} ${ram_disk})
    set_tests_properties(boot_${option} PROPERTIES TIMEOUT 150 RUN_SERIAL ON)
  endforeach()

  if(TARGET ram_disk)
    add_test(NAME boot_drivers COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/boot_drivers.sh
      ${PROJECT_SOURCE_DIR}/script $<TARGET_FILE:mica.elf> $<TARGET_PROPERTY:ram_disk,BINARY_DIR>)
    set_tests_properties(boot_drivers PROPERTIES TIMEOUT 150 RUN_SERIAL ON)
  endif()
endif()
