// Timers.               [MSDN KeInitializeTimerEx, KeSetTimerEx, KeCancelTimer]
//   All at IRQL <= DISPATCH_LEVEL; none blocks, but cancelling and setting spin while another
//   processor expires the timer.
//   Header.Inserted: armed, linked in a wheel or taken out of it by the processor that expires it.
//   Guarded by the object's lock, as everything in a KTIMER but its links.
#include "ke/expiry.hpp"

#include <algorithm>

#include "ke/object_type.hpp"
#include "ke/signaller.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

constexpr Tick millisecond_100ns = 10'000;

// A period in ticks, not shorter than it says. `milliseconds` > 0.
Tick NTAPI period_ticks(ULONG milliseconds) noexcept {
  Tick const unit = state().time.period_100ns;
  return (milliseconds * millisecond_100ns + unit - 1) / unit;
}

// Locks a timer that is not armed and that nobody expires; whether it was armed before. One that
// another processor has taken out of its wheel fires: to take it back as well would let one call
// end two settings.
bool NTAPI lock_disarmed(KTIMER& timer) noexcept MICA_REQUIRES(at_dispatch) {
  for (;;) {
    lock_object(timer.Header);
    if (timer.Header.Inserted == 0) return false;
    if (unlink_timer(timer)) {
      timer.Header.Inserted = 0;
      return true;
    }
    TimerWheel const& wheel = wheel_of(timer);
    unlock_object(timer.Header);
    await_expiry(wheel, timer);
  }
}

void NTAPI queue_dpc(KTIMER& timer) noexcept {
  if (timer.Dpc == nullptr) return;
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  static_cast<void>(KeInsertQueueDpc(
      timer.Dpc, reinterpret_cast<PVOID>(static_cast<ULONG_PTR>(now.LowPart)),
      reinterpret_cast<PVOID>(static_cast<ULONG_PTR>(static_cast<ULONG>(now.HighPart)))));
}

}  // namespace

namespace mica::ke {

void NTAPI signal_timer(KTIMER& timer, Tick now, WakeList& wakes) noexcept {
  set_state(timer.Header, 1);
  wake_waiters(timer.Header, wakes);
  if (timer.Period == 0) {
    timer.Header.Inserted = 0;
  } else {
    // On the grid of its first due time; periods that passed meanwhile are one.
    Tick const period = period_ticks(timer.Period);
    Tick const due = timer.DueTime.QuadPart;
    Tick const late = due < now ? (now - due) % period : 0;
    timer.Header.Inserted = 1;
    link_timer(timer, {now + period - late});
  }
  queue_dpc(timer);
}

}  // namespace mica::ke

void NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type) {
  UCHAR const type =
      Type == SynchronizationTimer ? TimerSynchronizationObject : TimerNotificationObject;
  initialize_header(Timer->Header, type, sizeof *Timer, 0);
  state().watch_timer(Timer);
}

void NTAPI KeInitializeTimer(PKTIMER Timer) {
  KeInitializeTimerEx(Timer, NotificationTimer);
}

namespace {

struct Setting {
  LARGE_INTEGER due;
  ULONG period_milliseconds;
  ULONG tolerance_milliseconds;
  PKDPC dpc;
};

// Of the ticks from `due` to `due + tolerance` the one with the most zero bits at its end: what
// other timers choose too.
Tick NTAPI coalesced(Tick due, Tick tolerance) noexcept {
  Tick const last = due + tolerance;
  int const kept = std::bit_width((due - 1) ^ last) - 1;
  return last >> kept << kept;
}

bool NTAPI set(KTIMER& timer, Setting const& setting) noexcept {
  RaiseToDispatch raised;
  WakeList wakes;
  bool const was_armed = lock_disarmed(timer);
  set_state(timer.Header, 0);
  timer.Dpc = setting.dpc;
  timer.Period = setting.period_milliseconds;
  Tick const now = state().time.tick.load(std::memory_order_acquire);
  Due due = due_of(setting.due);
  if (due.tick > now) {
    Tick const tolerance =
        Tick{setting.tolerance_milliseconds} * millisecond_100ns / state().time.period_100ns;
    timer.Header.Inserted = 1;
    due.tick = coalesced(due.tick, tolerance);
    link_timer(timer, due);
  } else {
    // Absolute and past: the first period begins now.
    timer.DueTime.QuadPart = now;
    signal_timer(timer, now, wakes);
  }
  unlock_object(timer.Header);
  finish_wakes(wakes, 0);
  return was_armed;
}

}  // namespace

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Timer);
  auto const period = static_cast<ULONG>(std::max<LONG>(Period, 0));
  return set(*Timer, {DueTime, period, 0, Dpc}) ? TRUE : FALSE;
}

BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period,
                                    ULONG TolerableDelay, PKDPC Dpc) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Timer);
  return set(*Timer, {DueTime, Period, TolerableDelay, Dpc}) ? TRUE : FALSE;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc) {
  return KeSetTimerEx(Timer, DueTime, 0, Dpc);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Timer);
  RaiseToDispatch raised;
  bool const was_armed = lock_disarmed(*Timer);
  unlock_object(Timer->Header);
  return was_armed ? TRUE : FALSE;
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Timer);
  return read_state(Timer->Header) != 0 ? TRUE : FALSE;
}
