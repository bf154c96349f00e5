// How a machine starts an executive.
//   1. It has storage for one init::State, all zero.
//   2. prepare(state, processors, boot_stack): fills the processor blocks; may run on any thread of
//      control, calls no seam member.
//   3. It makes processor 0's block current and enters start() on processor 0's boot stack at
//      DISPATCH_LEVEL with interrupts enabled. start() becomes processor 0's idle thread; the
//      others are started by it through the seam.
//   4. The first system thread ends the boot phases, then calls state.main(state.argument) at
//      PASSIVE_LEVEL. What happens when it returns is up to whoever registered it: the thread
//      ends.
#pragma once

#include <machine.hpp>

namespace mica::init {

struct State;  // complete in init/state.hpp

void NTAPI prepare(State& state, unsigned processors, hal::Stack boot_stack) noexcept;
[[nodiscard]] Machine::Processor& NTAPI processor_block(State& state, unsigned number) noexcept;
[[noreturn]] void NTAPI start() noexcept;

// How many times as fast as the machine counts it time is to pass, 1 unless the kernel option
// time-rate says more: cases that count on being quick are seen then. Of a machine whose time is
// real, once processor 0's block is current.
[[nodiscard]] unsigned NTAPI time_rate() noexcept;

// What the machine calls; registered before anything else runs.
[[nodiscard]] hal::Handlers const& NTAPI handlers() noexcept;

}  // namespace mica::init
