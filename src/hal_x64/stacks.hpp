// The stacks that the machine itself owns. Their guard pages are unmapped by paging.cpp.
#pragma once

#include <machine.hpp>

#include "hal_x64/layout.hpp"

namespace mica::hal_x64 {

// What cannot trust the stack it interrupts gets one of its own: index + 1 is the gate's IST
// number.
enum FaultStack : unsigned {
  stack_of_double_fault,
  stack_of_nmi,
  stack_of_machine_check,
  fault_stack_count
};

using BootStack = GuardedStack<Machine::stack_size>;
using FaultStackArea = GuardedStack<Machine::stack_size>;

// Processor 0 boots on this one and keeps it as its idle thread's.
extern BootStack boot_stack;
extern FaultStackArea fault_stacks[maximum_processors][fault_stack_count];

}  // namespace mica::hal_x64
