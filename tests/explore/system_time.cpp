// T2: absolute due times follow a clock that is set, whenever it is set.
#include <nt/zw.h>

#include "rig.hpp"

using namespace mica::explore;

namespace {

constexpr LONGLONG hour_100ns = 36'000'000'000;

LARGE_INTEGER at(LONGLONG time) noexcept {
  LARGE_INTEGER result;
  result.QuadPart = time;
  return result;
}

LONGLONG system_time() noexcept {
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  return now.QuadPart;
}

void set_clock(LONGLONG time) noexcept {
  LARGE_INTEGER next = at(time);
  MICA_CHECK(ZwSetSystemTime(&next, nullptr) == STATUS_SUCCESS);
}

struct Alarm {
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> fired{0};

  Alarm() noexcept {
    KeInitializeTimer(&timer);
    KeInitializeDpc(
        &dpc,
        [](KDPC*, PVOID context, PVOID, PVOID) NTAPI { ++static_cast<Alarm*>(context)->fired; },
        this);
  }
};

void settle() noexcept {
  mica::test::sleep(3 * tick_100ns);
}

}  // namespace

MICA_EXPLORE("T2-set", "T2: a timer that is set while the clock is set ahead of it expires",
             .processors = 2, .bound = 1) {
  Alarm alarm;
  LONGLONG const now = system_time();
  auto clock = [&] { set_clock(now + 2 * hour_100ns); };
  auto setter = [&] { KeSetTimer(&alarm.timer, at(now + hour_100ns), &alarm.dpc); };
  Team team{window};
  meet(team, clock, setter);
  settle();
  MICA_CHECK(alarm.fired == 1);
}

MICA_EXPLORE("T2-back", "T2: a timer that is set while the clock is set back waits for it",
             .processors = 2, .bound = 1) {
  Alarm alarm;
  LONGLONG const now = system_time();
  auto clock = [&] { set_clock(now - hour_100ns); };
  auto setter = [&] { KeSetTimer(&alarm.timer, at(now + 50 * tick_100ns), &alarm.dpc); };
  Team team{window};
  meet(team, clock, setter);
  mica::test::sleep(60 * tick_100ns);
  MICA_CHECK(alarm.fired == 0);
  set_clock(now + 50 * tick_100ns);
  settle();
  MICA_CHECK(alarm.fired == 1);
}

MICA_EXPLORE("T2-cancel", "T2: a timer that the clock makes due expires or is cancelled",
             .processors = 2, .bound = 1) {
  Alarm alarm;
  LONGLONG const now = system_time();
  KeSetTimer(&alarm.timer, at(now + hour_100ns), &alarm.dpc);
  int cancelled = 0;
  auto clock = [&] { set_clock(now + 2 * hour_100ns); };
  auto canceller = [&] { cancelled = KeCancelTimer(&alarm.timer) != FALSE; };
  Team team{window};
  meet(team, clock, canceller);
  settle();
  MICA_CHECK(alarm.fired + cancelled == 1);
}

MICA_EXPLORE("T2-two", "T2: of two settings of the clock one is the last, for timers too",
             .processors = 2, .bound = 1) {
  Alarm alarm;
  constexpr LONGLONG step_100ns = 100 * tick_100ns;
  LONGLONG const now = system_time(), due = now + 2 * step_100ns;
  KeSetTimer(&alarm.timer, at(due), &alarm.dpc);
  auto ahead = [&] { set_clock(now + step_100ns); };
  auto back = [&] { set_clock(now - step_100ns); };
  Team team{window};
  meet(team, ahead, back);
  LONGLONG const then = system_time();
  MICA_CHECK(then >= now + (then > now ? step_100ns : -step_100ns));
  mica::test::sleep(due - then - 10 * tick_100ns);
  MICA_CHECK(alarm.fired == 0);
  mica::test::sleep(20 * tick_100ns);
  MICA_CHECK(alarm.fired == 1);
}

MICA_EXPLORE("T2-wait", "T2: a wait that begins while the clock is set beyond it ends",
             .processors = 2, .bound = 1) {
  KEVENT never;
  KeInitializeEvent(&never, NotificationEvent, FALSE);
  LARGE_INTEGER until = at(system_time() + hour_100ns);
  std::atomic<int> ended{0};
  auto clock = [&] { set_clock(until.QuadPart); };
  auto waiter = [&] {
    ended += KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, &until) == STATUS_TIMEOUT;
  };
  Team team{window};
  meet(team, clock, waiter);
  MICA_CHECK(ended == 1);
}

MICA_EXPLORE("T2-seen", "T2: who sees that the clock is set ahead sees no earlier time",
             .processors = 2, .bound = 1, .memory = MemoryModel::cxx20) {
  LONGLONG const now = system_time(), then = now + hour_100ns;
  auto clock = [&] {
    KeStallExecutionProcessor(1000);
    set_clock(then);
  };
  auto looker = [&] {
    for (int look = 0; look < 2; ++look) {
      LONGLONG const seen = system_time();
      MICA_CHECK(seen < now + hour_100ns / 2 || seen >= then);
    }
  };
  Team team{window};
  meet(team, clock, looker);
}

MICA_EXPLORE("T2-tick", "T2: who sets the clock finds it set, though it ticks meanwhile",
             .processors = 2, .bound = 1) {
  LONGLONG const then = system_time() + hour_100ns;
  auto clock = [&] {
    set_clock(then);
    MICA_CHECK(system_time() >= then);
  };
  auto busy = [] {
    for (int tick = 0; tick < 2; ++tick) KeStallExecutionProcessor(1000);
  };
  Team team{window};
  meet(team, clock, busy);
}
