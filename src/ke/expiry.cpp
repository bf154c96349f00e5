// Timers that are due, and the time limits of waits.
//   Invariant T1. The protocol of `expiring` is told in ke/timer_wheel.hpp.
#include "ke/expiry.hpp"

#include "ke/interrupts.hpp"

namespace mica::ke {

TimerWheel& NTAPI wheel_of(KTIMER const& timer) noexcept {
  return state().processors[timer.Processor].timers;
}

namespace {

// Nobody cancels or sets it meanwhile: who finds it armed but unlinked waits until it fired.
void NTAPI expire_timer(KTIMER& timer, Tick now) noexcept MICA_REQUIRES(at_dispatch) {
  WakeList wakes;
  lock_object(timer.Header);
  MICA_ASSERT(timer.Header.Inserted != 0 && !TimerWheel::linked(timer));
  signal_timer(timer, now, wakes);
  unlock_object(timer.Header);
  finish_wakes(wakes, 0);
}

}  // namespace

void NTAPI link_timer(KTIMER& timer, Due const& due) noexcept {
  Processor& processor = current();
  timer.Processor = static_cast<USHORT>(Machine::processor_number());
  SpinGuardAtDispatch guard{processor.timers.lock};
  processor.timers.insert(timer, due, processor.ke->time.period_100ns);
}

bool NTAPI unlink_timer(KTIMER& timer) noexcept {
  TimerWheel& wheel = wheel_of(timer);
  SpinGuardAtDispatch guard{wheel.lock};
  if (!TimerWheel::linked(timer)) return false;
  wheel.remove(timer);
  return true;
}

void NTAPI await_expiry(TimerWheel const& wheel, KTIMER& timer) noexcept {
  do Machine::await(wheel.expiring, &timer);
  while (wheel.expiring.load() == &timer);
}

void NTAPI expire_timers() noexcept {
  Processor& processor = current();
  processor.timers_due.store(false, std::memory_order_relaxed);
  Tick const now = processor.ke->time.tick.load(std::memory_order_acquire);
  for (;;) {
    KTIMER* timer = nullptr;
    {
      SpinGuardAtDispatch guard{processor.timers.lock};
      timer = processor.timers.take_due(now);
      processor.timers.expiring.store(timer);
    }
    if (timer == nullptr) return;
    // Whoever disarms a timeout waits until `expiring` is another: so the thread stays.
    if (type_of(timer->Header) == timeout_type)
      time_out(MICA_CONTAINING(*timer, Thread, timeout));
    else
      expire_timer(*timer, now);
  }
}

void NTAPI arm_timeout(Thread& thread, Due const& due) noexcept {
  link_timer(thread.timeout, due);
}

void NTAPI disarm_timeout(Thread& thread) noexcept {
  if (!unlink_timer(thread.timeout)) await_expiry(wheel_of(thread.timeout), thread.timeout);
}

}  // namespace mica::ke
