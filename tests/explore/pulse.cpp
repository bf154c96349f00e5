// W1, W3: a pulse is for who waits: it wakes no more than a set would, and nothing is left of it.
#include "rig.hpp"

using namespace mica::explore;

namespace {

constexpr LONGLONG two_ticks_100ns = 2 * tick_100ns;

void check_nobody_waits(KEVENT const& event) noexcept {
  MICA_CHECK(event.Header.WaitListHead.Flink == &event.Header.WaitListHead);
}

}  // namespace

MICA_EXPLORE("W1-pulse", "W1: a pulse of a synchronization event wakes at most one",
             .processors = 3, .bound = 1) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<int> woken{0};
  auto waiter = [&] { woken += wait(&event, tick_100ns) == STATUS_SUCCESS; };
  auto pulser = [&] { MICA_CHECK(KePulseEvent(&event, 0, FALSE) == 0); };
  Team team{window};
  team.add(waiter, {.processor = 0});
  team.add(waiter, {.processor = 1});
  team.add(pulser, {.processor = 2});
  team.run();
  MICA_CHECK(woken <= 1);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
  check_nobody_waits(event);
}

MICA_EXPLORE("W3-pulse", "W3: a wait for all takes a pulse with its other object, or neither",
             .processors = 3, .bound = 1) {
  KEVENT pulsed, other;
  KeInitializeEvent(&pulsed, SynchronizationEvent, FALSE);
  KeInitializeEvent(&other, SynchronizationEvent, FALSE);
  NTSTATUS status = STATUS_PENDING;
  auto waiter = [&] { status = wait_for_both(&pulsed, &other, two_ticks_100ns); };
  auto pulser = [&] { KePulseEvent(&pulsed, 0, FALSE); };
  auto setter = [&] { KeSetEvent(&other, 0, FALSE); };
  Team team{window};
  team.add(waiter, {.processor = 0});
  team.add(pulser, {.processor = 1});
  team.add(setter, {.processor = 2});
  team.run();
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
  MICA_CHECK(KeReadStateEvent(&other) == (status == STATUS_TIMEOUT));
  MICA_CHECK(KeReadStateEvent(&pulsed) == 0);
  check_nobody_waits(pulsed);
  check_nobody_waits(other);
}

MICA_EXPLORE("W3-pulse-order", "W3: a pulse that is over satisfies no wait for all",
             .processors = 2, .bound = 1) {
  KEVENT pulsed, other;
  KeInitializeEvent(&pulsed, NotificationEvent, FALSE);
  KeInitializeEvent(&other, SynchronizationEvent, FALSE);
  auto waiter = [&] {
    MICA_CHECK(wait_for_both(&pulsed, &other, two_ticks_100ns) == STATUS_TIMEOUT);
  };
  auto pulser = [&] {
    KePulseEvent(&pulsed, 0, FALSE);
    KeSetEvent(&other, 0, FALSE);
  };
  Team team{window};
  meet(team, waiter, pulser);
  MICA_CHECK(KeReadStateEvent(&other) == 1);
}

MICA_EXPLORE("W3-pulse-meanwhile",
             "W3: a pulse is not lost on a wait for all that another set looks at meanwhile",
             .processors = 2, .bound = 1) {
  KEVENT pulsed, other;
  KeInitializeEvent(&pulsed, NotificationEvent, FALSE);
  KeInitializeEvent(&other, NotificationEvent, TRUE);
  auto waiter = [&] { MICA_CHECK(wait_for_both(&pulsed, &other) == STATUS_SUCCESS); };
  auto* const waiting = mica::test::start(waiter, {.processor = 0});
  mica::test::until_waiting(waiting);
  auto pulser = [&] { KePulseEvent(&pulsed, 0, FALSE); };
  auto setter = [&] { KeSetEvent(&other, 0, FALSE); };
  Team team{window};
  meet(team, pulser, setter);
  mica::test::join(waiting);
}

MICA_EXPLORE("W3-pulse-stale", "W3: a pulse that came with an alert is not kept for the next wait",
             .processors = 3, .bound = 1) {
  KEVENT pulsed, other;
  KeInitializeEvent(&pulsed, NotificationEvent, FALSE);
  KeInitializeEvent(&other, NotificationEvent, FALSE);
  Team team{window};
  auto waiter = [&] {
    PVOID objects[] = {&pulsed, &other};
    MICA_CHECK(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, TRUE, nullptr,
                                        nullptr) == STATUS_ALERTED);
    KeSetEvent(&other, 0, FALSE);
    LARGE_INTEGER now{};
    MICA_CHECK(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &now,
                                        nullptr) == STATUS_TIMEOUT);
  };
  auto pulser = [&] { KePulseEvent(&pulsed, 0, FALSE); };
  auto alerter = [&] { KeAlertThread(team.thread(0), KernelMode); };
  team.add(waiter, {.processor = 0});
  team.add(pulser, {.processor = 1});
  team.add(alerter, {.processor = 2});
  team.run();
}

MICA_EXPLORE("W3-pulse-two", "W3: a pulse of a synchronization event satisfies one wait for all",
             .processors = 3, .bound = 1) {
  KEVENT pulsed, other;
  KeInitializeEvent(&pulsed, SynchronizationEvent, FALSE);
  KeInitializeEvent(&other, NotificationEvent, TRUE);
  std::atomic<int> satisfied{0};
  auto waiter = [&] {
    satisfied += wait_for_both(&pulsed, &other, two_ticks_100ns) == STATUS_SUCCESS;
  };
  auto pulser = [&] { KePulseEvent(&pulsed, 0, FALSE); };
  auto setter = [&] { KeSetEvent(&other, 0, FALSE); };
  Team team{window};
  team.add(waiter, {.processor = 0});
  team.add(waiter, {.processor = 1});
  team.add(pulser, {.processor = 2});
  team.add(setter, {.processor = 1});
  team.run();
  MICA_CHECK(satisfied <= 1);
  MICA_CHECK(KeReadStateEvent(&pulsed) == 0);
}
