// The clock is set.                          [ntifs.h ZwSetSystemTime; MSDN KeSetTimer]
//   Invariant T2. Each wheel keeps the adjustment that its absolute due times were reckoned with,
//   and changes both under its lock: who links a timer meanwhile, reckoned with another adjustment,
//   has it moved to the wheel's.
#include <span>

#include "ke/interrupts.hpp"

namespace mica::ke {
namespace {

// The keeper is held for as long as a page is written, at HIGH_LEVEL: the clock's interrupts, which
// only try for it, leave their tick to the next.
std::uint64_t NTAPI adjust_clock(TimeState& time, std::uint64_t now_100ns) noexcept {
  RaiseToHigh raised;
  do Machine::await(time.keeper, std::uint32_t{1});
  while (time.keeper.exchange(1, std::memory_order_acquire) != 0);
  Tick const tick = time.tick.load(std::memory_order_relaxed);
  std::uint64_t const old = time.adjustment_100ns.load(std::memory_order_relaxed);
  std::uint64_t const before = Machine::boot_system_time_100ns() + old + tick * time.period_100ns;
  time.adjustment_100ns.store(old + (now_100ns - before), std::memory_order_release);
  write_shared_page(time, tick);
  time.keeper.store(0, std::memory_order_release);
  return before;
}

}  // namespace

std::uint64_t NTAPI set_system_time(std::uint64_t now_100ns) noexcept {
  State& ke = state();
  RaiseToDispatch raised;
  SpinGuardAtDispatch setting{ke.time.setting};
  std::uint64_t const before = adjust_clock(ke.time, now_100ns);
  std::uint64_t const adjustment = ke.time.adjustment_100ns.load(std::memory_order_relaxed);
  for (Processor& processor : std::span{ke.processors, ke.count}) {
    {
      SpinGuardAtDispatch guard{processor.timers.lock};
      processor.timers.adjust(adjustment, ke.time.period_100ns);
    }
    // If something is due earlier than its clock is armed for, it arms it anew.
    Machine::send_ipi(processor.machine.pcr.Prcb.Number);
  }
  return before;
}

}  // namespace mica::ke
