// The clock that is set: who follows it, and who does not. [MSDN KeSetTimer, KeQuerySystemTime]
#include <nt/zw.h>

#include <atomic>

#include "support.hpp"

using namespace mica::test;

namespace {

constexpr LONGLONG hour_100ns = 36'000'000'000;

LONGLONG system_time() {
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  return now.QuadPart;
}

LARGE_INTEGER at(LONGLONG time) {
  LARGE_INTEGER result;
  result.QuadPart = time;
  return result;
}

// Ahead by so much; the time it was.
LONGLONG advance(LONGLONG duration_100ns) {
  LARGE_INTEGER old, next = at(system_time() + duration_100ns);
  MICA_CHECK(ZwSetSystemTime(&next, &old) == STATUS_SUCCESS);
  return old.QuadPart;
}

// What a case did to the clock ends with it.
struct Restored {
  LONGLONG distance_100ns = system_time() - static_cast<LONGLONG>(KeQueryInterruptTime());
  ~Restored() {
    LARGE_INTEGER real = at(static_cast<LONGLONG>(KeQueryInterruptTime()) + distance_100ns);
    MICA_CHECK(ZwSetSystemTime(&real, nullptr) == STATUS_SUCCESS);
  }
};

bool near(LONGLONG time, LONGLONG expected) {
  LONGLONG const late = time - expected;
  return late >= 0 && late < hour_100ns / 60;
}

struct Alarm {
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> fired{0};

  Alarm() {
    KeInitializeTimer(&timer);
    KeInitializeDpc(
        &dpc,
        [](PKDPC, PVOID context, PVOID, PVOID) NTAPI { ++static_cast<Alarm*>(context)->fired; },
        this);
  }
  ~Alarm() {
    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
  }
  [[nodiscard]] bool armed() const { return timer.Header.Inserted != 0; }
};

}  // namespace

MICA_CASE("Ex: setting the clock changes the system time, and no other") {
  Restored restored;
  for (LONGLONG const distance : {hour_100ns + 1234, -3 * hour_100ns - 77}) {
    LONGLONG const wanted = system_time() + distance;
    ULONGLONG const interrupt_time = KeQueryInterruptTime();
    LARGE_INTEGER next = at(wanted), old;
    MICA_REQUIRE(ZwSetSystemTime(&next, &old) == STATUS_SUCCESS);
    MICA_CHECK(near(system_time(), wanted));
    LARGE_INTEGER precise;
    KeQuerySystemTimePrecise(&precise);
    MICA_CHECK(near(precise.QuadPart, wanted));
    MICA_CHECK(near(old.QuadPart, wanted - distance));
    MICA_CHECK(
        near(static_cast<LONGLONG>(KeQueryInterruptTime()), static_cast<LONGLONG>(interrupt_time)));
    // It goes on from there by whole ticks.
    sleep(2 * millisecond_100ns);
    LONGLONG const later = system_time();
    MICA_CHECK(near(later, wanted + millisecond_100ns));
    MICA_CHECK((later - wanted) % KeQueryTimeIncrement() == 0);
  }
}

MICA_CASE("Ex: the first system time that there is can be set") {
  Restored restored;
  LARGE_INTEGER next = at(0);
  MICA_CHECK(ZwSetSystemTime(&next, nullptr) == STATUS_SUCCESS);
  MICA_CHECK(near(system_time(), 0));
}

MICA_CASE("Ex: a negative system time is STATUS_INVALID_PARAMETER and sets nothing") {
  LONGLONG const before = system_time();
  LARGE_INTEGER next = at(-1), old = at(5);
  MICA_CHECK(ZwSetSystemTime(&next, &old) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(old.QuadPart == 5 && near(system_time(), before));
}

MICA_CASE("Ex: the clock is set at PASSIVE_LEVEL, above it is bugcheck 0x0A") {
  LARGE_INTEGER next = at(system_time());
  Bugcheck const end = bugcheck_of([&] {
    AtLevel raised{APC_LEVEL};
    static_cast<void>(ZwSetSystemTime(&next, nullptr));
  });
  MICA_CHECK(end.happened && end.code == 0x0A);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(&next));
}

MICA_CASE("Ke: absolute timers whose time has come with the clock expire, others stay") {
  Restored restored;
  Alarm soon, later, relative_one, tolerant;
  LONGLONG const now = system_time();
  KeSetTimer(&soon.timer, at(now + hour_100ns), &soon.dpc);
  KeSetTimer(&later.timer, at(now + 3 * hour_100ns), &later.dpc);
  KeSetTimer(&relative_one.timer, relative(hour_100ns), &relative_one.dpc);
  KeSetCoalescableTimer(&tolerant.timer, at(now + hour_100ns), 0, 50, &tolerant.dpc);
  advance(2 * hour_100ns);
  until([&] { return soon.fired == 1 && tolerant.fired == 1; });
  MICA_CHECK(KeReadStateTimer(&soon.timer) != FALSE && !soon.armed());
  MICA_CHECK(later.fired == 0 && later.armed());
  MICA_CHECK(relative_one.fired == 0 && relative_one.armed());
  advance(hour_100ns);
  until([&] { return later.fired == 1; });
  MICA_CHECK(relative_one.armed() && soon.fired == 1);
}

MICA_CASE("Ke: absolute timers on every processor follow the clock") {
  Restored restored;
  Alarm alarms[16];
  LONGLONG const due = system_time() + hour_100ns;
  for (ULONG number = 0; number < processors(); ++number) {
    KeSetSystemAffinityThread(KAFFINITY{1} << number);
    KeSetTimer(&alarms[number].timer, at(due), &alarms[number].dpc);
  }
  KeRevertToUserAffinityThread();
  advance(hour_100ns);
  for (ULONG number = 0; number < processors(); ++number)
    until([&] { return alarms[number].fired == 1; });
}

MICA_CASE("Ke: an absolute timer is not over before a clock that was set back") {
  Restored restored;
  Alarm absolute, relative_one;
  LONGLONG const due = system_time() + 3 * millisecond_100ns;
  {
    AtLevel raised{DISPATCH_LEVEL};
    KeSetTimer(&absolute.timer, at(due), &absolute.dpc);
    KeSetTimer(&relative_one.timer, relative(3 * millisecond_100ns), &relative_one.dpc);
  }
  LONGLONG const old = advance(-hour_100ns);
  until([&] { return relative_one.fired == 1; });
  sleep(5 * millisecond_100ns);
  if (old < due) MICA_CHECK(absolute.fired == 0 && absolute.armed());
  advance(hour_100ns);
  until([&] { return absolute.fired == 1; });
}

MICA_CASE("Ke: an absolute time is past for a timer that is set after the clock") {
  Restored restored;
  Alarm alarm;
  LONGLONG const due = system_time() + hour_100ns;
  advance(2 * hour_100ns);
  KeSetTimer(&alarm.timer, at(due), &alarm.dpc);
  MICA_CHECK(KeReadStateTimer(&alarm.timer) != FALSE);
  until([&] { return alarm.fired == 1; });
}

MICA_CASE("Ke: the periods of an absolute timer do not follow the clock") {
  Restored restored;
  Alarm alarm;
  KeSetTimerEx(&alarm.timer, at(system_time() + hour_100ns), 1'000'000, &alarm.dpc);
  advance(hour_100ns);
  until([&] { return alarm.fired == 1; });
  advance(hour_100ns);
  sleep(2 * millisecond_100ns);
  MICA_CHECK(alarm.fired == 1 && alarm.armed());
}

MICA_CASE("Ke: a timer of another processor is over when the clock is set beyond it") {
  Restored restored;
  KTIMER timer;
  KeInitializeTimer(&timer);
  auto set = [&] { KeSetTimer(&timer, at(system_time() + hour_100ns), nullptr); };
  join(start(set, {.processor = static_cast<int>(processors()) - 1}));
  auto look = [&] {
    MICA_CHECK(!KeReadStateTimer(&timer));
    advance(2 * hour_100ns);
    sleep(5 * millisecond_100ns);
    MICA_CHECK(KeReadStateTimer(&timer));
  };
  join(start(look, {.processor = 0}));
}

MICA_CASE("Ke: a wait until an absolute time ends when the clock is set beyond it") {
  Restored restored;
  KEVENT never;
  KeInitializeEvent(&never, NotificationEvent, FALSE);
  LARGE_INTEGER absolute = at(system_time() + hour_100ns), long_one = relative(hour_100ns);
  std::atomic<int> ended{0};
  auto follows = [&] {
    MICA_CHECK(KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, &absolute) ==
               STATUS_TIMEOUT);
    ++ended;
  };
  auto stays = [&] {
    MICA_CHECK(KeWaitForSingleObject(&never, Executive, KernelMode, FALSE, &long_one) ==
               STATUS_SUCCESS);
  };
  Thread* const first = start(follows);
  Thread* const second = start(stays);
  until_waiting(first);
  until_waiting(second);
  advance(hour_100ns);
  join(first);
  MICA_CHECK(ended == 1);
  sleep(millisecond_100ns);
  KeSetEvent(&never, 0, FALSE);
  join(second);
}
