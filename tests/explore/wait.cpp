// W2: a wait ends exactly once, for one reason, and leaves nothing behind.
#include "rig.hpp"

using namespace mica::explore;

namespace {

bool nobody_waits(KEVENT const& event) noexcept {
  return event.Header.WaitListHead.Flink == &event.Header.WaitListHead;
}

}  // namespace

MICA_EXPLORE("W2-timeout",
             "W2: of a set and a timeout one ends the wait, and the next wait knows nothing of it",
             .processors = 2, .time_jumps = true, .bound = 1) {
  KEVENT event, never;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KeInitializeEvent(&never, SynchronizationEvent, FALSE);
  std::atomic<int> woken{0}, sets{0};
  auto waiter = [&] {
    for (int i = 0; i < 3; ++i) {
      NTSTATUS const status = wait(&event, 1);
      MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
      MICA_CHECK(nobody_waits(event));
      woken += status == STATUS_SUCCESS;
      MICA_CHECK(wait(&never, 1) == STATUS_TIMEOUT);
      MICA_CHECK(nobody_waits(never));
    }
  };
  auto setter = [&] {
    for (int i = 0; i < 3; ++i) {
      KeStallExecutionProcessor(tick_100ns / 10);
      sets += KeSetEvent(&event, 0, FALSE) == 0;
    }
  };
  Team team{window};
  meet(team, waiter, setter);
  MICA_CHECK(woken + KeReadStateEvent(&event) == sets);
}

MICA_EXPLORE("W2-delay", "W2: a wait that only its timeout can end is ended by it", .processors = 2,
             .time_jumps = true) {
  auto sleeper = [&] {
    LARGE_INTEGER interval = relative(1);
    for (int i = 0; i < 4; ++i)
      MICA_CHECK(KeDelayExecutionThread(KernelMode, FALSE, &interval) == STATUS_SUCCESS);
  };
  auto spender = [&] {
    for (int i = 0; i < 4; ++i) KeStallExecutionProcessor(tick_100ns / 10);
  };
  Team team{window};
  team.add(sleeper, {.processor = 0});
  team.add(sleeper, {.processor = 1});
  team.add(spender, {.processor = 1});
  team.run();
}

MICA_EXPLORE("W2-alert", "W2: of an alert, a set and a timeout one ends the wait", .processors = 3,
             .time_jumps = true) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<int> woken{0}, sets{0}, alerted{0}, unseen{0};
  std::atomic<PKTHREAD> sleeping{nullptr};
  auto waiter = [&] {
    sleeping = KeGetCurrentThread();
    for (int i = 0; i < 3; ++i) {
      NTSTATUS const status = wait(&event, 1, TRUE);
      MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_TIMEOUT || status == STATUS_ALERTED);
      MICA_CHECK(nobody_waits(event));
      woken += status == STATUS_SUCCESS;
      alerted += status == STATUS_ALERTED;
    }
  };
  auto setter = [&] {
    KeStallExecutionProcessor(tick_100ns / 10);
    sets += KeSetEvent(&event, 0, FALSE) == 0;
    sets += KeSetEvent(&event, 0, FALSE) == 0;
  };
  auto alerter = [&] {
    while (sleeping == nullptr) mica::test::sleep(1);
    unseen += KeAlertThread(sleeping, KernelMode) == FALSE;
    unseen += KeAlertThread(sleeping, KernelMode) == FALSE;
  };
  Team team{window};
  team.add(waiter, {.processor = 0});
  team.add(setter, {.processor = 1});
  team.add(alerter, {.processor = 2});
  team.run();
  MICA_CHECK(woken + KeReadStateEvent(&event) == sets);
  MICA_CHECK(alerted <= unseen);
}

MICA_EXPLORE("W2-any", "W2: a wait for any of two takes one of them", .processors = 3) {
  KEVENT first, second;
  KeInitializeEvent(&first, SynchronizationEvent, FALSE);
  KeInitializeEvent(&second, SynchronizationEvent, FALSE);
  std::atomic<int> taken{0};
  auto waiter = [&] {
    PVOID objects[] = {&first, &second};
    NTSTATUS const status = KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode,
                                                     FALSE, nullptr, nullptr);
    MICA_CHECK(status == STATUS_WAIT_0 || status == STATUS_WAIT_1);
    ++taken;
  };
  auto set_first = [&] { KeSetEvent(&first, 0, FALSE); };
  auto set_second = [&] { KeSetEvent(&second, 0, FALSE); };
  Team team{window};
  team.add(waiter, {.processor = 0});
  team.add(set_first, {.processor = 1});
  team.add(set_second, {.processor = 2});
  team.run();
  MICA_CHECK(taken + KeReadStateEvent(&first) + KeReadStateEvent(&second) == 2);
  MICA_CHECK(nobody_waits(first) && nobody_waits(second));
}

MICA_EXPLORE("W2-late-wake", "W2: a wake that comes late for one wait does not end the next",
             .processors = 2, .bound = 1) {
  // One who waits already, so that the set has somebody else to wake before it comes to the waiter;
  // and objects that stay as they are, so that the waiter commits long after it was first linked.
  KEVENT open, never, next;
  KeInitializeEvent(&open, NotificationEvent, FALSE);
  KeInitializeEvent(&never, SynchronizationEvent, FALSE);
  KeInitializeEvent(&next, SynchronizationEvent, FALSE);
  std::atomic<bool> next_set{false};
  auto waiter = [&] {
    PVOID objects[] = {&open, &never, &never};
    MICA_CHECK(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, nullptr,
                                        nullptr) == STATUS_WAIT_0);
    MICA_CHECK(wait(&next) == STATUS_SUCCESS);
    MICA_CHECK(next_set);
  };
  auto setter = [&] {
    KeSetEvent(&open, 0, FALSE);
    next_set = true;
    KeSetEvent(&next, 0, FALSE);
  };
  auto bystander = [&] { MICA_CHECK(wait(&open) == STATUS_SUCCESS); };
  mica::test::Thread* const waits = mica::test::start(bystander, {.processor = 1});
  mica::test::until_waiting(waits);
  {
    Team team{window};
    team.add(waiter, {.processor = 0});
    team.add(setter, {.processor = 1});
    team.run();
  }
  mica::test::join(waits);
  MICA_CHECK(nobody_waits(open) && nobody_waits(never) && nobody_waits(next));
}
