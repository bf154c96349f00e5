# The suite on 1 to 16 processors, and what each fault in kernel mode is reported as.

set(qemu ${PROJECT_SOURCE_DIR}/script/qemu)

foreach(processors 1 2 4 8 16)
  add_test(NAME hal_${processors}
    COMMAND ${qemu} --timeout 300 --processors ${processors} $<TARGET_FILE:mica_hal.elf>)
endforeach()
foreach(processors 1 4)
  add_test(NAME hal_icount_${processors}
    COMMAND ${qemu} --icount --processors ${processors} $<TARGET_FILE:mica_hal.elf>)
endforeach()

# The kind, and the function that the backtrace begins in.
function(mica_add_fault name expected)
  add_test(NAME hal_fault_${name}
    COMMAND ${qemu} --processors 4 --append fault=${name} $<TARGET_FILE:mica_hal.elf>)
  set(before "others stand still, interrupts are off, at DISPATCH_LEVEL")
  set(backtrace "(.*\n)*hal_suite::make_fault\n(.*\n)*mica_boot")
  set_tests_properties(hal_fault_${name} PROPERTIES
    PASS_REGULAR_EXPRESSION "${before}\n${expected}\n${backtrace}\n")
endfunction()
mica_add_fault(read_null "page_fault at 1234\nhal_suite::read_null")
mica_add_fault(write_null "page_fault write at 1234\nhal_suite::write_null")
mica_add_fault(write_code "page_fault write\nhal_suite::write_code")
mica_add_fault(write_constant "page_fault write\nhal_suite::write_constant")
mica_add_fault(execute_data "page_fault execute")
mica_add_fault(execute_direct "page_fault execute")
mica_add_fault(read_low_memory "page_fault\nhal_suite::read_low_memory")
mica_add_fault(not_canonical "general_protection\nhal_suite::not_canonical")
mica_add_fault(divide "divide_error\nhal_suite::divide")
mica_add_fault(no_instruction "invalid_opcode\nhal_suite::no_instruction")
mica_add_fault(breakpoint "breakpoint\nhal_suite::breakpoint")
mica_add_fault(machine_check "machine_check\nhal_suite::machine_check")
# The trace is as deep as the stack: its outer end is cut.
add_test(NAME hal_fault_overflow
  COMMAND ${qemu} --processors 4 --append fault=overflow $<TARGET_FILE:mica_hal.elf>)
set_tests_properties(hal_fault_overflow PROPERTIES PASS_REGULAR_EXPRESSION
  "others stand still, interrupts are off, at DISPATCH_LEVEL\nstack_overflow\nhal_suite::recurse\n")

# The same image, entered as multiboot2 says.
set(loader_source ${CMAKE_CURRENT_LIST_DIR}/multiboot2_loader.c)
set(loader ${CMAKE_CURRENT_BINARY_DIR}/mica_hal_multiboot2.elf)
add_custom_command(OUTPUT ${loader} VERBATIM
  COMMAND ${CMAKE_C_COMPILER} -m32 -O1 -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none -nostdlib
    -static -no-pie -Wall -Wextra -Wno-unused-command-line-argument -Wl,-Ttext=0x4000000 -Wl,--build-id=none
    -Wl,-e,enter "-DIMAGE=\"$<TARGET_FILE:mica_hal.elf>\"" ${loader_source} -o ${loader}
  DEPENDS mica_hal.elf ${loader_source})
add_custom_target(mica_hal_multiboot2 ALL DEPENDS ${loader})
add_test(NAME hal_multiboot2 COMMAND ${qemu} --processors 4 ${loader})
add_test(NAME hal_multiboot2_command_line COMMAND ${qemu} --append fault=no_instruction ${loader})
set_tests_properties(hal_multiboot2_command_line PROPERTIES
  PASS_REGULAR_EXPRESSION "invalid_opcode\nhal_suite::no_instruction\n")
