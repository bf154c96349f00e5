// Help for Machine::backtrace to get from a fault to its function's caller.
#pragma once

#include <nt/ntdef.h>

#include <cstdint>

namespace mica::hal_x64 {

// Whether the function that this instruction belongs to has no frame there: its return address is
// what the stack pointer points at. True also for an address outside the kernel's code, which only
// a call or a jump leads to.
[[nodiscard]] bool runs_without_frame(std::uint64_t instruction) noexcept;

// context.S: calls function(argument) with the stack pointer at `top`. What it calls finds the
// caller's frame on another stack.
extern "C" NTAPI void mica_call_on_stack(std::uint64_t top, void(NTAPI* function)(void*),
                                         void* argument) noexcept;

}  // namespace mica::hal_x64
