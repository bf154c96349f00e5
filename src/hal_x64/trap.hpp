// What the processor does on an interrupt or an exception: trap_entry.S saves a TrapFrame and calls
// mica_trap.
#pragma once

#include <machine.hpp>

#include <cstdint>

namespace mica::hal_x64 {

// On the stack of what was interrupted, or on the vector's own (descriptors.cpp). trap_entry.S
// knows the layout.
struct TrapFrame {
  alignas(16) std::uint64_t vectors[6][2];  // xmm0-5
  std::uint64_t mxcsr;
  std::uint64_t padding;
  std::uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
  std::uint64_t rdi, rsi, rbp, rbx, rdx, rcx, rax;
  std::uint64_t vector;
  std::uint64_t error_code;
  // What the processor pushes. [SDM 3A, "64-Bit Mode Stack Frame"]
  std::uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(offsetof(TrapFrame, r15) == 112);
static_assert(offsetof(TrapFrame, rip) == 112 + 17 * 8);
static_assert(sizeof(TrapFrame) % 16 == 0);

// Whom interrupts and faults are passed to. Once, before interrupts are enabled.
void set_handlers(hal::Handlers const& handlers) noexcept;
[[nodiscard]] hal::Handlers const& handlers() noexcept;

}  // namespace mica::hal_x64
