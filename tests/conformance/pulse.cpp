// KePulseEvent.                                                             [MSDN KePulseEvent]
#include "support.hpp"

#include <atomic>

using namespace mica::test;

namespace {

constexpr LONGLONG soon_100ns = 20 * millisecond_100ns;
constexpr LONGLONG late_100ns = 10'000 * millisecond_100ns;

// Of three waiters a pulse of an event of this type wakes so many, and no more.
void pulse_wakes(EVENT_TYPE type, int wanted) noexcept {
  KEVENT event;
  std::atomic<int> woken{0};
  KeInitializeEvent(&event, type, FALSE);
  auto waiter = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    ++woken;
  };
  mica::test::Thread* threads[3];
  for (int i = 0; i < 3; ++i) threads[i] = start(waiter, {.processor = i});
  for (auto* thread : threads) until_waiting(thread);
  MICA_CHECK(KePulseEvent(&event, 0, FALSE) == 0);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
  until([&] { return woken >= wanted; });
  sleep(2 * millisecond_100ns);
  MICA_CHECK(woken == wanted);
  while (woken < 3) {
    KeSetEvent(&event, 0, FALSE);
    sleep(millisecond_100ns);
  }
  for (auto* thread : threads) join(thread);
}

}  // namespace

MICA_CASE("Ke: a pulse wakes who waits: one for a synchronization event, all for a notification") {
  pulse_wakes(SynchronizationEvent, 1);
  pulse_wakes(NotificationEvent, 3);
}

MICA_CASE("Ke: a pulse leaves the event not signalled and says what it was") {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, TRUE);
  MICA_CHECK(KePulseEvent(&event, 0, FALSE) != 0);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
  MICA_CHECK(poll(&event) == STATUS_TIMEOUT);
  MICA_CHECK(KePulseEvent(&event, 0, FALSE) == 0);
  MICA_CHECK(poll(&event) == STATUS_TIMEOUT);
}

MICA_CASE("Ke: a pulse satisfies a wait for all whose other objects are signalled") {
  for (EVENT_TYPE const type : {NotificationEvent, SynchronizationEvent}) {
    KEVENT event, other;
    KeInitializeEvent(&event, type, FALSE);
    KeInitializeEvent(&other, SynchronizationEvent, TRUE);
    auto waiter = [&] { MICA_CHECK(wait_for_both(&event, &other, late_100ns) == STATUS_SUCCESS); };
    auto* const thread = start(waiter, {.processor = 1});
    until_waiting(thread);
    MICA_CHECK(KePulseEvent(&event, 0, FALSE) == 0);
    join(thread);
    MICA_CHECK(KeReadStateEvent(&other) == 0 && KeReadStateEvent(&event) == 0);
  }
}

MICA_CASE("Ke: a pulse is not kept for a wait for all whose other objects are signalled later") {
  KEVENT event, other;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  KeInitializeEvent(&other, SynchronizationEvent, FALSE);
  auto waiter = [&] { MICA_CHECK(wait_for_both(&event, &other, soon_100ns) == STATUS_TIMEOUT); };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  KePulseEvent(&event, 0, FALSE);
  KeSetEvent(&other, 0, FALSE);
  join(thread);
  MICA_CHECK(KeReadStateEvent(&other) != 0);
}

MICA_CASE("Ke: a pulse that satisfied a wait for all is not kept for the next") {
  KEVENT events[2];
  for (int pulsed : {0, 1}) {
    KEVENT &event = events[pulsed], &other = events[1 - pulsed];
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeInitializeEvent(&other, NotificationEvent, TRUE);
    auto waiter = [&] {
      MICA_CHECK(wait_for_both(&event, &other, late_100ns) == STATUS_SUCCESS);
      MICA_CHECK(wait_for_both(&event, &other, 0) == STATUS_TIMEOUT);
    };
    auto* const thread = start(waiter, {.processor = 1});
    until_waiting(thread);
    KePulseEvent(&event, 0, FALSE);
    join(thread);
  }
}

MICA_CASE("Ke: a pulse of a synchronization event is for one wait for all") {
  KEVENT event, other;
  std::atomic<int> satisfied{0};
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KeInitializeEvent(&other, NotificationEvent, TRUE);
  auto waiter = [&] { satisfied += wait_for_both(&event, &other, late_100ns) == STATUS_SUCCESS; };
  mica::test::Thread* const threads[] = {start(waiter, {.processor = 0}),
                                         start(waiter, {.processor = 1})};
  for (auto* thread : threads) until_waiting(thread);
  KePulseEvent(&event, 0, FALSE);
  until([&] { return satisfied > 0; });
  sleep(2 * millisecond_100ns);
  MICA_CHECK(satisfied == 1);
  KeSetEvent(&event, 0, FALSE);
  for (auto* thread : threads) join(thread);
  MICA_CHECK(satisfied == 2);
}

MICA_CASE("Ke: a pulse of a notification event is for every wait for all") {
  KEVENT event, other;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  KeInitializeEvent(&other, NotificationEvent, TRUE);
  auto waiter = [&] { MICA_CHECK(wait_for_both(&event, &other, late_100ns) == STATUS_SUCCESS); };
  mica::test::Thread* const threads[] = {start(waiter, {.processor = 0}),
                                         start(waiter, {.processor = 1})};
  for (auto* thread : threads) until_waiting(thread);
  KePulseEvent(&event, 0, FALSE);
  for (auto* thread : threads) join(thread);
}

MICA_CASE("Ke: a waiter for the object alone has a pulse before one who waits for all") {
  KEVENT event, other;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KeInitializeEvent(&other, NotificationEvent, TRUE);
  std::atomic<bool> all_done{false};
  auto all = [&] {
    MICA_CHECK(wait_for_both(&event, &other, late_100ns) == STATUS_SUCCESS);
    all_done = true;
  };
  auto alone = [&] { MICA_CHECK(wait(&event) == STATUS_SUCCESS); };
  auto* const first = start(all, {.processor = 0});
  until_waiting(first);
  auto* const second = start(alone, {.processor = 1});
  until_waiting(second);
  KePulseEvent(&event, 0, FALSE);
  join(second);
  sleep(2 * millisecond_100ns);
  MICA_CHECK(!all_done);
  KeSetEvent(&event, 0, FALSE);
  join(first);
}

MICA_CASE("Ke: a pulse boosts whom it wakes") {
  KEVENT event;
  KPRIORITY priority = 0;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  auto waiter = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    priority = KeQueryPriorityThread(KeGetCurrentThread());
  };
  auto* const thread = start(waiter, {.processor = 1, .priority = 8});
  until_waiting(thread);
  KePulseEvent(&event, 3, FALSE);
  join(thread);
  MICA_CHECK(priority == 11);
}

MICA_CASE("Ke: KePulseEvent with Wait leaves the level raised for the wait that follows") {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  KePulseEvent(&event, 0, TRUE);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  MICA_CHECK(wait(&event, millisecond_100ns) == STATUS_TIMEOUT);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE(
    "Ke: KePulseEvent above DISPATCH_LEVEL, or above APC_LEVEL with Wait, is bugcheck C4, 80") {
  for (BOOLEAN const waits : {FALSE, TRUE}) {
    KIRQL const level = waits ? DISPATCH_LEVEL : HIGH_LEVEL;
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    auto const end = bugcheck_of([&] {
      static_cast<void>(KfRaiseIrql(level));
      KePulseEvent(&event, 0, waits);
    });
    MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
    MICA_CHECK(end.parameters[0] == 0x80 && end.parameters[1] == level);
    MICA_CHECK(end.parameters[2] == reinterpret_cast<ULONG_PTR>(&event));
  }
}
