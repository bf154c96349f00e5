// W4: a thread runs on one processor at most, and is switched to only once it is saved. W5: at rest
// no processor runs a thread of lower priority than a ready one it may run. X1: the end of an
// interrupt precedes the switch made for it. The host machine itself ends a System that breaks W4
// or X1 (Outcome::Kind::fault); these scenarios are made of what could.
#include <nt/ex.h>
#include <nt/zw.h>

#include "rig.hpp"

using namespace mica::explore;

namespace {

constexpr ULONGLONG soon_100ns =
    20'000;  // points of the machine; a quantum is ten times as long and more

ULONGLONG now() noexcept {
  ULONG64 counter;
  return KeQueryInterruptTimePrecise(&counter);
}

}  // namespace

MICA_EXPLORE("W4-hand-off",
             "W4: threads that wake each other from other processors are saved before they run",
             .processors = 3) {
  KEVENT events[3];
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<int> running[3]{};
  auto pass = [&](int number) {
    for (int i = 0; i < 3; ++i) {
      MICA_CHECK(wait(&events[number]) == STATUS_SUCCESS);
      MICA_CHECK(running[number].fetch_add(1) == 0);
      point();
      running[number].fetch_sub(1);
      KeSetEvent(&events[(number + 1) % 3], 0, FALSE);
    }
  };
  auto first = [&] { pass(0); };
  auto second = [&] { pass(1); };
  auto third = [&] { pass(2); };
  auto starter = [&] { KeSetEvent(&events[0], 0, FALSE); };
  Team team{window};
  team.add(first);
  team.add(second);
  team.add(third);
  team.add(starter, {.processor = 1});
  team.run();
}

MICA_EXPLORE("W4-yield", "W4: threads that yield to each other and move are in one place at a time",
             .processors = 2, .bound = 1) {
  int inside[2] = {};
  auto mover = [&] {
    for (int i = 0; i < 2; ++i) {
      ZwYieldExecution();
      KAFFINITY const old = KeSetSystemAffinityThreadEx(KAFFINITY{1} << (i % 2));
      ULONG const processor = KeGetCurrentProcessorNumberEx(nullptr);
      MICA_CHECK(processor == static_cast<ULONG>(i % 2));
      KIRQL const level = KeRaiseIrqlToDpcLevel();
      MICA_CHECK(++inside[processor] == 1);
      point();
      --inside[processor];
      KeLowerIrql(level);
      KeRevertToUserAffinityThreadEx(old);
    }
  };
  Team team{window};
  for (int i = 0; i < 3; ++i) team.add(mover);
  team.run();
}

MICA_EXPLORE("W4-exit",
             "W4: the stack of a thread that ended is another's only once it has left it",
             .processors = 2, .bound = 1) {
  auto maker = [&] {
    int ran = 0;
    auto body = [&] {
      int volatile own[64];
      for (int volatile& value : own) value = ++ran;
      point();
      for (int i = 0; i < 64; ++i) MICA_CHECK(own[i] == i + 1);
    };
    mica::test::join(mica::test::start(body));
    MICA_CHECK(ran == 64);
  };
  Team team{window};
  meet(team, maker, maker);
}

MICA_EXPLORE("W2-exit", "W2: who begins to wait for a thread that ends is told so", .processors = 2,
             .bound = 1) {
  auto ends = [] {};
  Team team{window};
  auto waiter = [&] { MICA_CHECK(wait(team.thread(0)) == STATUS_SUCCESS); };
  meet(team, ends, waiter);
}

MICA_EXPLORE("W5-preempt", "W5: a thread that becomes ready preempts one of lower priority at once",
             .processors = 2, .bound = 1) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<ULONGLONG> woken_at{0}, set_at{0};
  auto high = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    woken_at = now();
  };
  auto low = [&] { spin_while(woken_at, 0); };
  auto setter = [&] {
    KeSetEvent(&event, 0, FALSE);
    set_at = now();
  };
  Team team{window};
  team.add(high, {.processor = 0, .priority = 12});
  team.add(low, {.processor = 0, .priority = 6});
  team.add(setter, {.processor = 1});
  team.run();
  MICA_CHECK(woken_at <= set_at + soon_100ns);
}

MICA_EXPLORE("W5-idle", "W5: no processor idles while a thread that it may run is ready",
             .processors = 2, .bound = 1) {
  std::atomic<int> present{0};
  std::atomic<ULONGLONG> first_at{0}, both_at{0};
  auto meet = [&] {
    if (++present == 1) first_at = now();
    spin_while(present, 1);
    both_at = now();
  };
  Team team{window};
  team.add(meet);
  team.add(meet);
  team.run();
  MICA_CHECK(both_at <= first_at + soon_100ns);
}

MICA_EXPLORE("X1-preempt",
             "X1: clock and inter-processor interrupts that cause a switch have ended before it",
             .processors = 2, .time_jumps = true, .bound = 1) {
  std::atomic<int> turns{0};
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto spinner = [&] {
    for (int i = 0; i < 3; ++i) {
      KeStallExecutionProcessor(tick_100ns / 10);
      ++turns;
    }
  };
  auto sleeper = [&] {
    for (int i = 0; i < 3; ++i) {
      mica::test::sleep(1);
      KeSetEvent(&event, 0, FALSE);
    }
  };
  auto waiter = [&] {
    for (int i = 0; i < 2; ++i) static_cast<void>(wait(&event, tick_100ns));
    ++turns;
  };
  Team team{window};
  team.add(spinner, {.processor = 0, .priority = 8});
  team.add(sleeper, {.processor = 1, .priority = 10});
  team.add(waiter, {.processor = 0, .priority = 12});
  team.run();
  MICA_CHECK(turns == 4);
}

MICA_EXPLORE("W5-start", "W5: a thread is started while its starter is interrupted",
             .processors = 2, .bound = 1) {
  KDPC dpc;
  KeInitializeDpc(
      &dpc, [](PKDPC, PVOID, PVOID, PVOID) NTAPI {}, nullptr);
  KeSetTargetProcessorDpc(&dpc, 0);
  std::atomic<int> ran{0};
  auto body = [&] { ++ran; };
  // Of two that follow each other one has this processor for its ideal one.
  auto starter = [&] {
    auto* const first = mica::test::start(body);
    auto* const second = mica::test::start(body);
    mica::test::join(first);
    mica::test::join(second);
  };
  // Busy meanwhile, so that the thread waits in the starter's own queue.
  auto interrupter = [&] {
    KeInsertQueueDpc(&dpc, nullptr, nullptr);
    spin_while(ran, 0);
  };
  Team team{window};
  meet(team, starter, interrupter);
  MICA_CHECK(ran == 2);
}

MICA_EXPLORE("L1-lowered",
             "L1: who preempts the holder of a lock that raises the level finds it free",
             .processors = 2, .bound = 1) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto use = [] {
    constexpr SIZE_T two_pages = 2 * 4096;
    void* const block = ExAllocatePool2(POOL_FLAG_NON_PAGED, two_pages, 'wolL');
    MICA_CHECK(block != nullptr);
    if (block != nullptr) ExFreePoolWithTag(block, 'wolL');
  };
  auto high = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    use();
  };
  auto setter = [&] { KeSetEvent(&event, 0, FALSE); };
  Team team{window};
  team.add(use, {.processor = 0, .priority = 6});
  team.add(high, {.processor = 0, .priority = 12});
  team.add(setter, {.processor = 1});
  team.run();
}
