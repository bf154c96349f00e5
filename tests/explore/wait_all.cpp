// W3: a wait for all takes every object at one instant or none; a wait for any is served before it.
#include "together.hpp"

using namespace mica::explore;

namespace {

struct Pair {
  KEVENT events[2];
  std::atomic<int> sets[2]{};
  std::atomic<int> taken[2]{};

  Pair() noexcept {
    for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  }
  void set(int which) noexcept { sets[which] += KeSetEvent(&events[which], 0, FALSE) == 0; }
  // STATUS_TIMEOUT or STATUS_SUCCESS.
  NTSTATUS take_both(LARGE_INTEGER* timeout) noexcept {
    PVOID objects[] = {&events[0], &events[1]};
    NTSTATUS const status = KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode,
                                                     FALSE, timeout, nullptr);
    if (status == STATUS_SUCCESS) {
      ++taken[0];
      ++taken[1];
    }
    return status;
  }
  void check_kept(int which) noexcept {
    MICA_CHECK(taken[which] + KeReadStateEvent(&events[which]) == sets[which]);
  }
  void check() noexcept {
    check_kept(0);
    check_kept(1);
  }
};

}  // namespace

MICA_EXPLORE("W3-all", "W3: a wait for all loses no event, whoever takes one meanwhile",
             .processors = 3) {
  Pair pair;
  std::atomic<bool> ended{false};
  auto waiter = [&] {
    MICA_CHECK(pair.take_both(nullptr) == STATUS_SUCCESS);
    ended = true;
  };
  auto set_first = [&] { pair.set(0); };
  auto set_second = [&] { pair.set(1); };
  auto poller = [&] { pair.taken[0] += wait(&pair.events[0], 0) == STATUS_SUCCESS; };
  Team team{window};
  team.add(waiter, {.processor = 0, .finisher = false});
  team.add(set_first, {.processor = 1});
  team.add(set_second, {.processor = 2});
  team.add(poller, {.processor = 2});
  team.run();
  pair.check();
  MICA_CHECK(ended || KeReadStateEvent(&pair.events[0]) == 0 ||
             KeReadStateEvent(&pair.events[1]) == 0);
  for (int i = 0; i < 2 && !ended; ++i) {
    pair.set(i);
    mica::test::sleep(mica::test::millisecond_100ns);
  }
  MICA_CHECK(ended);
  pair.check();
}

MICA_EXPLORE("W3-two", "W3: two waits for the same pair do not take half of it each",
             .processors = 3) {
  Pair pair;
  auto waiter = [&] { MICA_CHECK(pair.take_both(nullptr) == STATUS_SUCCESS); };
  auto setter = [&] {
    for (int i = 0; i < 2; ++i) {
      pair.set(0);
      pair.set(1);
      while (pair.taken[0] <= i) mica::test::sleep(1);
    }
  };
  Team team{window};
  team.add(waiter, {.processor = 0});
  team.add(waiter, {.processor = 1});
  team.add(setter, {.processor = 2});
  team.run();
  pair.check();
}

MICA_EXPLORE("W3-timeout", "W3: of a timeout and the last event one ends a wait for all",
             .processors = 3, .time_jumps = true) {
  Pair pair;
  auto waiter = [&] {
    for (int i = 0; i < 2; ++i) {
      LARGE_INTEGER timeout = relative(1);
      NTSTATUS const status = pair.take_both(&timeout);
      MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
    }
  };
  auto setter = [&] {
    pair.set(0);
    KeStallExecutionProcessor(tick_100ns / 10);
    pair.set(1);
    pair.set(0);
  };
  Team team{window};
  meet(team, waiter, setter);
  pair.check();
}

MICA_EXPLORE("W3-lone-timeout", "W3: a timeout that meets an evaluation in vain ends the wait",
             .processors = 2, .time_jumps = true, .bound = 1) {
  Pair pair;
  auto waiter = [&] {
    for (int i = 0; i < 3; ++i) {
      LARGE_INTEGER timeout = relative(1);
      MICA_CHECK(pair.take_both(&timeout) == STATUS_TIMEOUT);
    }
  };
  // The other event is never set: every evaluation is in vain.
  auto setter = [&] {
    for (int i = 0; i < 12; ++i) {
      pair.set(0);
      KeStallExecutionProcessor(150);
    }
  };
  Team team{window};
  meet(team, waiter, setter);
  pair.check();
}

MICA_EXPLORE("W3-any-first", "W3: a wait for any is served before a wait for all that came first",
             .processors = 2, .bound = 1) {
  Pair pair;
  std::atomic<bool> both{false};
  auto all = [&] { both = pair.take_both(nullptr) == STATUS_SUCCESS; };
  auto any = [&] { pair.taken[1] += wait(&pair.events[1]) == STATUS_SUCCESS; };
  auto setter = [&] {
    pair.set(0);
    pair.set(1);
  };
  // Both wait before the window opens: who serves them is what is explored.
  KEVENT start;
  KeInitializeEvent(&start, NotificationEvent, FALSE);
  mica::test::Thread* const waits_all = mica::test::start(all, {.processor = 0});
  mica::test::sleep(mica::test::millisecond_100ns);
  mica::test::Thread* const waits_any = mica::test::start(any, {.processor = 1});
  mica::test::sleep(mica::test::millisecond_100ns);
  {
    Team team{window};
    team.add(setter, {.processor = 0});
    team.run();
    MICA_CHECK(pair.taken[1] == 1);
    MICA_CHECK(!both);
    pair.check();
  }
  pair.set(1);
  mica::test::join(waits_all);
  mica::test::join(waits_any);
  MICA_CHECK(both);
}

MICA_EXPLORE("W3-opposite", "W3: two waits for the same pair, named in opposite orders, both end",
             .processors = 2, .bound = 2) {
  KEVENT events[2];
  for (KEVENT& event : events) KeInitializeEvent(&event, NotificationEvent, TRUE);
  auto program = [&](unsigned number) {
    PVOID objects[] = {&events[number], &events[1 - number]};
    LARGE_INTEGER none{};
    MICA_CHECK(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &none,
                                        nullptr) == STATUS_SUCCESS);
  };
  run_together(window, {2}, program);
}
