// T1: a timer fires not before its due time, once a period; a cancel says TRUE exactly when it was
// queued.
#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Alarm {
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> fired{0};
  std::atomic<ULONGLONG> earliest{0};

  Alarm() noexcept {
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(
        &dpc,
        [](KDPC*, PVOID context, PVOID, PVOID) NTAPI {
          auto& alarm = *static_cast<Alarm*>(context);
          MICA_CHECK(KeQueryInterruptTime() >= alarm.earliest);
          ++alarm.fired;
        },
        this);
  }
};

}  // namespace

MICA_EXPLORE("T1-cancel", "T1: a timer that was set fires once, or is cancelled, or is set again",
             .processors = 2, .time_jumps = true, .bound = 1) {
  Alarm alarm;
  std::atomic<int> ended{0};  // settings that a cancel or a new setting took back
  auto setter = [&] {
    for (int i = 0; i < 3; ++i) {
      ended += KeSetTimer(&alarm.timer, relative(1), &alarm.dpc) != FALSE;
      KeStallExecutionProcessor(tick_100ns / 10);
    }
  };
  auto canceller = [&] {
    for (int i = 0; i < 3; ++i) {
      ended += KeCancelTimer(&alarm.timer) != FALSE;
      KeStallExecutionProcessor(tick_100ns / 20);
    }
  };
  Team team{window};
  meet(team, setter, canceller);
  mica::test::sleep(4 * tick_100ns);
  // A DPC that is still queued when its timer fires again runs once for both: so no more than were
  // left.
  MICA_CHECK(ended <= 3);
  MICA_CHECK(alarm.fired <= 3 - ended);
  MICA_CHECK(ended == 3 || alarm.fired >= 1);
  MICA_CHECK(KeCancelTimer(&alarm.timer) == FALSE);
}

MICA_EXPLORE("T1-due", "T1: a timer fires not before its due time, and its waiter is woken once",
             .processors = 2, .time_jumps = true, .bound = 1) {
  Alarm alarm;
  std::atomic<int> woken{0};
  auto waiter = [&] {
    for (int i = 0; i < 3; ++i) {
      alarm.earliest = KeQueryInterruptTime() + 2 * tick_100ns;
      MICA_CHECK(KeSetTimer(&alarm.timer, relative(2 * tick_100ns), &alarm.dpc) == FALSE);
      MICA_CHECK(wait(&alarm.timer) == STATUS_SUCCESS);
      MICA_CHECK(KeQueryInterruptTime() >= alarm.earliest);
      ++woken;
    }
  };
  auto spender = [&] {
    for (int i = 0; i < 6; ++i) KeStallExecutionProcessor(tick_100ns / 10);
  };
  Team team{window};
  meet(team, waiter, spender);
  mica::test::sleep(tick_100ns);
  MICA_CHECK(woken == 3);
  MICA_CHECK(alarm.fired == 3);
}

MICA_EXPLORE("T1-periodic", "T1: a live periodic timer is always found queued by its cancel",
             .processors = 2, .time_jumps = true, .bound = 1) {
  Alarm alarm;
  auto owner = [&] {
    KeSetTimerEx(&alarm.timer, relative(1), 16, &alarm.dpc);
    MICA_CHECK(wait(&alarm.timer) == STATUS_SUCCESS);
    MICA_CHECK(wait(&alarm.timer) == STATUS_SUCCESS);
    MICA_CHECK(KeCancelTimer(&alarm.timer) != FALSE);
    MICA_CHECK(KeCancelTimer(&alarm.timer) == FALSE);
  };
  auto spender = [&] {
    for (int i = 0; i < 8; ++i) KeStallExecutionProcessor(tick_100ns / 20);
  };
  Team team{window};
  meet(team, owner, spender);
  KeFlushQueuedDpcs();
  int const fired = alarm.fired;
  // A DPC that is still queued when the next period ends runs once for both.
  MICA_CHECK(fired >= 1);
  mica::test::sleep(4 * tick_100ns);
  MICA_CHECK(alarm.fired == fired);
}
