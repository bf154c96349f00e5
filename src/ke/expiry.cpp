// Timers that are due, and the time limits of waits.
//   Invariant T1. The protocol of `expiring` is told in ke/timer_wheel.hpp.
#include "ke/expiry.hpp"

#include "ke/interrupts.hpp"

namespace mica::ke {

TimerWheel& NTAPI wheel_of(KTIMER const& timer) noexcept {
  return state().processors[timer.Processor].timers;
}

namespace {

// Whoever disarms the timeout waits until `expiring` is another: so the thread stays.
void NTAPI expire_timeout(Processor& processor, KTIMER& timeout) noexcept
    MICA_REQUIRES(at_dispatch) {
  time_out(MICA_CONTAINING(timeout, Thread, timeout));
  processor.timers.expiring.store(nullptr);
}

// Meanwhile it may have been cancelled (not armed), or cancelled and set again (in another wheel,
// or linked): then it is not ours any more.
void NTAPI expire_timer(Processor& processor, KTIMER& timer, Tick now) noexcept
    MICA_REQUIRES(at_dispatch) {
  WakeList wakes;
  lock_object(timer.Header);
  bool const ours = timer.Header.Inserted != 0 && &wheel_of(timer) == &processor.timers &&
                    !TimerWheel::linked(timer);
  if (ours) signal_timer(timer, now, wakes);
  unlock_object(timer.Header);
  // A canceller may free it from here on.
  processor.timers.expiring.store(nullptr);
  finish_wakes(wakes, 0);
}

}  // namespace

void NTAPI link_timer(KTIMER& timer, Tick due) noexcept {
  Processor& processor = current();
  timer.Processor = static_cast<decltype(timer.Processor)>(Machine::processor_number());
  bool sooner = false;
  {
    SpinGuardAtDispatch guard{processor.timers.lock};
    sooner = processor.timers.insert(timer, due);
  }
  if (sooner) arm_clock();
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
    if (type_of(timer->Header) == timeout_type)
      expire_timeout(processor, *timer);
    else
      expire_timer(processor, *timer, now);
  }
}

void NTAPI arm_timeout(Thread& thread, Tick due) noexcept {
  thread.timeout.Header.Type = timeout_type;
  link_timer(thread.timeout, due);
}

void NTAPI disarm_timeout(Thread& thread) noexcept {
  if (!unlink_timer(thread.timeout)) await_expiry(wheel_of(thread.timeout), thread.timeout);
}

}  // namespace mica::ke
