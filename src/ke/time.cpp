// The time: at the last tick, or precisely. [MSDN KeQueryInterruptTime, KeQuerySystemTimePrecise,
// KeQueryTickCount]
#include "ke/wait.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

Tick last_tick() noexcept {
  return state().time.tick.load(std::memory_order_acquire);
}

std::uint64_t last_interrupt_time() noexcept {
  TimeState const& time = state().time;
  return time.tick.load(std::memory_order_acquire) * time.period_100ns;
}

LARGE_INTEGER large(std::uint64_t value) noexcept {
  LARGE_INTEGER result;
  result.QuadPart = static_cast<LONGLONG>(value);
  return result;
}

}  // namespace

namespace mica::ke {

std::uint64_t NTAPI first_system_time() noexcept {
  return Machine::boot_system_time_100ns() +
         state().time.adjustment_100ns.load(std::memory_order_acquire);
}

// Relative times count from the last tick, so they are over up to a tick early on a precise clock.
// [MSDN KeSetTimer] Negative by at most 2^63, so a sum with the tick does not wrap.
Due NTAPI due_of(LARGE_INTEGER due) noexcept {
  TimeState const& time = state().time;
  if (due.QuadPart < 0)
    return {last_tick() + ticks_in(std::uint64_t{0} - static_cast<std::uint64_t>(due.QuadPart),
                                   time.period_100ns)};
  auto const absolute = static_cast<std::uint64_t>(due.QuadPart);
  std::uint64_t const adjustment = time.adjustment_100ns.load(std::memory_order_relaxed);
  std::uint64_t const begin = Machine::boot_system_time_100ns() + adjustment;
  if (absolute <= begin) return {0};
  return Due::after_start(absolute - begin, adjustment, time.period_100ns);
}

}  // namespace mica::ke

ULONG NTAPI KeQueryTimeIncrement(void) {
  return state().time.period_100ns;
}

#undef KeQueryTickCount
void NTAPI KeQueryTickCount(PLARGE_INTEGER TickCount) {
  *TickCount = large(last_tick());
}

#undef KeQuerySystemTime
void NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
  // In this order: who sees that the clock was set sees the tick at which it was.
  std::uint64_t const begin = first_system_time();
  *CurrentTime = large(begin + last_interrupt_time());
}

void NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime) {
  std::uint64_t const begin = first_system_time();
  *CurrentTime = large(begin + Machine::interrupt_time().value_100ns);
}

#undef KeQueryInterruptTime
ULONGLONG NTAPI KeQueryInterruptTime(void) {
  return last_interrupt_time();
}

ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp) {
  *QpcTimeStamp = Machine::performance_counter();
  return Machine::interrupt_time().value_100ns;
}

// The system never sleeps: nothing is to be taken off. [MSDN KeQueryUnbiasedInterruptTime]
ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(void) {
  return last_interrupt_time();
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency) {
  if (PerformanceFrequency != nullptr)
    *PerformanceFrequency = large(Machine::performance_frequency());
  return large(Machine::performance_counter());
}

void NTAPI KeStallExecutionProcessor(ULONG MicroSeconds) {
  Machine::stall(MicroSeconds);
}
