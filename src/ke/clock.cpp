// The clock: counts ticks, charges quanta, finds timers due. Arms the next interrupt only for who
// needs it: an idle processor without timers takes none.
#include "ke/interrupts.hpp"
#include "ke/wait.hpp"

namespace mica::ke {
namespace {

// Drivers on x64 read the first eight bytes at once, wherever they are aligned; others read
// High1Time, LowPart and High2Time until the highs agree. So High2Time goes first and the rest is
// one store.                                                               [MSDN KeQuerySystemTime]
void publish(KSYSTEM_TIME volatile& time, std::uint64_t value) noexcept {
  struct [[gnu::packed, gnu::may_alias]] FirstEight {
    std::uint64_t volatile value;
  };
  time.High2Time = static_cast<LONG>(value >> 32);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  reinterpret_cast<FirstEight volatile&>(time).value = value;
}

// Ticks to milliseconds: a fixed-point factor with 24 bits of fraction.  [MSDN KUSER_SHARED_DATA]
ULONG tick_count_multiplier(std::uint32_t period_100ns) noexcept {
  return static_cast<ULONG>((std::uint64_t{period_100ns} << 24) / 10'000);
}

}  // namespace

void NTAPI write_shared_page(TimeState const& time, Tick tick) noexcept {
  KUSER_SHARED_DATA& page = *Machine::shared_user_data();
  std::uint64_t const interrupt_time = tick * time.period_100ns;
  publish(page.InterruptTime, interrupt_time);
  publish(page.SystemTime, first_system_time() + interrupt_time);
  publish(page.TickCount, tick);
  page.TickCountMultiplier = tick_count_multiplier(time.period_100ns);
}

namespace {

// What the running thread used: one period an interrupt. True: its quantum is over.
bool NTAPI charge(Thread& thread, std::uint32_t period_100ns) noexcept {
  auto const period = static_cast<LONG>(period_100ns);
  thread.ticks.store(thread.ticks.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return thread.quantum_100ns.fetch_sub(period, std::memory_order_relaxed) <= period;
}

// Nothing runs here whose time is counted.
bool NTAPI is_idle(Processor const& processor) noexcept {
  return Machine::current_thread() == &processor.idle &&
         !processor.in_dpc.load(std::memory_order_relaxed);
}

Tick NTAPI wanted_tick(Processor& processor) noexcept {
  return is_idle(processor) ? processor.timers.next()
                            : processor.ke->time.tick.load(std::memory_order_relaxed) + 1;
}

}  // namespace

// Any level; the keeper is only tried for: whoever holds it counts for all, and a tick that it just
// missed is counted by the next interrupt.
void NTAPI count_ticks() noexcept {
  TimeState& time = state().time;
  Tick const seen = Machine::interrupt_time().value_100ns / time.period_100ns;
  if (seen <= time.tick.load(std::memory_order_acquire)) return;
  RaiseToHigh raised;  // a clock interrupt that met its own keeper would come again for ever
  if (time.keeper.exchange(1, std::memory_order_acquire) != 0) return;
  if (seen > time.tick.load(std::memory_order_relaxed)) {
    write_shared_page(time, seen);
    time.tick.store(seen, std::memory_order_release);
  }
  time.keeper.store(0, std::memory_order_release);
}

void NTAPI clock_interrupt(KIRQL interrupted) noexcept {
  at_dispatch.assert_held();
  count_ticks();
  Processor& processor = current();
  TimeState const& time = processor.ke->time;
  Tick const now = time.tick.load(std::memory_order_acquire);
  bool attention = processor.dpcs.depth() != 0;
  // Armed for a tick that another processor is about to count: this one is charged when it is
  // there.
  bool const ticked = processor.armed.exchange(no_tick, std::memory_order_relaxed) <= now;
  if (ticked) watch_dpcs(processor, interrupted);
  if (processor.timers.next() <= now) {
    processor.timers_due.store(true, std::memory_order_relaxed);
    attention = true;
  }
  Thread& thread = current_thread();
  if (ticked && &thread != &processor.idle && charge(thread, time.period_100ns)) {
    processor.quantum_end.store(true, std::memory_order_relaxed);
    attention = true;
  }
  if (attention) Machine::request_dispatch();
  // What is due already is announced: an idle processor is armed again when its dispatch interrupt
  // has taken it.
  if (!processor.timers_due.load(std::memory_order_relaxed) || !is_idle(processor)) arm_clock();
}

// An earlier interrupt than needed serves: it arms the next.
void NTAPI arm_clock() noexcept {
  Processor& processor = current();
  if (processor.armed.load(std::memory_order_relaxed) <= wanted_tick(processor)) return;
  RaiseToHigh raised;  // against the clock interrupt
  Tick const wanted = wanted_tick(processor);
  if (processor.armed.load(std::memory_order_relaxed) <= wanted) return;
  processor.armed.store(wanted, std::memory_order_relaxed);
  Machine::arm_clock(InterruptTime{wanted * processor.ke->time.period_100ns});
}

}  // namespace mica::ke
