// The race detector: what it finds, and what it must not.
//   Scenarios are instrumented, so their own accesses are judged as the executive's are.
#include <nt/ex.h>

#include <cstring>

#include "rig.hpp"

using namespace mica::explore;

namespace {

Report tried(unsigned processors, void (*body)(Window& window), std::uint64_t schedules = 100) {
  return explore({.processors = processors, .body = body}, schedules);
}

// Two threads that do the same, each where it is put.
template <class Body>
void twice(Window& window, Body body, int first, int second) {
  Team team{window};
  team.add(body, {.processor = first});
  team.add(body, {.processor = second});
  team.run();
}

void check_found(Report const& report, std::uint64_t at_most) {
  INFO(report.execution.text());
  REQUIRE(report.execution.race.has_value());
  CHECK(report.executions <= at_most);
  CHECK(report.execution.race->first.stack.count > 0);
  CHECK(report.execution.race->second.stack.count > 0);
  CHECK((report.execution.race->first.kind.writes || report.execution.race->second.kind.writes));
}

void check_none(Report const& report) {
  INFO(report.execution.text());
  CHECK_FALSE(report.failed.has_value());
}

}  // namespace

namespace {

// One is preempted by the other. A thread that waits gives up its processor under a lock, which
// orders what it did before; one that is preempted does nothing of the kind.
void count_preempted(Window& window) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  int counter = 0;
  std::atomic<bool> counted{false};
  auto low = [&] {
    ++counter;
    counted.store(true, std::memory_order_relaxed);
    spin_while(counted, true);
  };
  auto high = [&] {
    wait(&event);
    ++counter;
    counted = false;
  };
  auto setter = [&] {
    spin_while(counted, false);
    KeSetEvent(&event, 0, FALSE);
  };
  Team team{window};
  team.add(low, {.processor = 0, .priority = 6});
  team.add(high, {.processor = 0, .priority = 12});
  team.add(setter, {.processor = 1});
  team.run();
  MICA_CHECK(counter == 2);
}

}  // namespace

TEST_CASE("Race: two threads of one processor that count below DISPATCH_LEVEL are found at once") {
  Scenario const scenario{.processors = 2, .body = count_preempted};
  Report const report = explore(scenario, 20);
  check_found(report, 5);
  Race const& race = *report.execution.race;
  CHECK(race.bytes == 4);
  CHECK_FALSE(race.first.at_dispatch);
  CHECK_FALSE(race.second.at_dispatch);
  CHECK(race.first.agent != race.second.agent);
  std::string const text = race.text();
  INFO(text);
  CHECK(text.find("race.cpp") != text.npos);
  CHECK(text.find("They share a processor") != text.npos);

  Execution const again = execute(scenario, *report.failed);
  REQUIRE(again.race.has_value());
  CHECK(again.race->text() == text);
}

namespace {

void count_raised(Window& window, int second) {
  int counter = 0;
  auto counting = [&] {
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    ++counter;
    KeLowerIrql(old);
  };
  twice(window, counting, 0, second);
}

}  // namespace

TEST_CASE("Race: a raised level orders what one processor does, not what two do") {
  check_none(tried(2, [](Window& window) { count_raised(window, 0); }));
  check_found(tried(2, [](Window& window) { count_raised(window, 1); }), 10);
}

TEST_CASE("Race: locks order, of each kind") {
  check_none(tried(2, [](Window& window) {
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    int counter = 0;
    auto counting = [&] {
      KIRQL old;
      KeAcquireSpinLock(&lock, &old);
      ++counter;
      KeReleaseSpinLock(&lock, old);
    };
    twice(window, counting, 0, 1);
  }));
  check_none(tried(2, [](Window& window) {
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    int counter = 0;
    auto counting = [&] {
      wait(&mutex);
      ++counter;
      KeReleaseMutex(&mutex, FALSE);
    };
    twice(window, counting, 0, 1);
  }));
}

namespace {

// One thread writes and says so; another takes it from there.
template <class Say, class Hear>
void hand_over(Window& window, Say say, Hear hear) {
  int data = 0, seen = 0;
  std::atomic<int> flag{0};
  auto writer = [&] {
    data = 1;
    say(flag);
  };
  auto reader = [&] {
    do mica::Machine::await(flag, 0);
    while (flag.load(std::memory_order_relaxed) == 0);
    hear(flag);
    seen = data;
  };
  Team team{window};
  team.add(writer, {.processor = 0});
  team.add(reader, {.processor = 1});
  team.run();
  MICA_CHECK(seen == 1);
}

void say_relaxed(std::atomic<int>& flag) {
  flag.store(1, std::memory_order_relaxed);
}
void say_released(std::atomic<int>& flag) {
  flag.store(1, std::memory_order_release);
}
void hear_nothing(std::atomic<int>&) {}
void hear_acquired(std::atomic<int>& flag) {
  static_cast<void>(flag.load(std::memory_order_acquire));
}

}  // namespace

TEST_CASE("Race: a release orders for who acquires it, and nothing weaker does") {
  check_none(tried(2, [](Window& window) { hand_over(window, say_released, hear_acquired); }));
  check_found(tried(2, [](Window& window) { hand_over(window, say_relaxed, hear_acquired); }), 10);
  check_found(tried(2, [](Window& window) { hand_over(window, say_released, hear_nothing); }), 10);
}

TEST_CASE("Race: fences order what relaxed operations carry") {
  check_none(tried(2, [](Window& window) {
    hand_over(
        window,
        [](std::atomic<int>& flag) {
          std::atomic_thread_fence(std::memory_order_release);
          flag.store(1, std::memory_order_relaxed);
        },
        [](std::atomic<int>&) { std::atomic_thread_fence(std::memory_order_acquire); });
  }));
  check_found(tried(2,
                    [](Window& window) {
                      hand_over(window, say_relaxed, [](std::atomic<int>&) {
                        std::atomic_thread_fence(std::memory_order_acquire);
                      });
                    }),
              10);
}

TEST_CASE("Race: a release sequence goes on through relaxed updates and ends at a store") {
  check_none(tried(2, [](Window& window) {
    hand_over(
        window,
        [](std::atomic<int>& flag) {
          flag.store(-1, std::memory_order_release);
          flag.fetch_add(2, std::memory_order_relaxed);
        },
        hear_acquired);
  }));
  check_found(tried(2,
                    [](Window& window) {
                      hand_over(
                          window,
                          [](std::atomic<int>& flag) {
                            flag.store(0, std::memory_order_release);
                            flag.store(1, std::memory_order_relaxed);
                          },
                          hear_acquired);
                    }),
              10);
}

TEST_CASE("Race: blocks of memory are accesses, volatile ones are no races") {
  check_found(tried(2,
                    [](Window& window) {
                      char block[64] = {}, other[64] = {};
                      auto clear = [&] { std::memset(block, 0, sizeof block); };
                      auto copy = [&] { std::memcpy(other, block + 32, 24); };
                      Team team{window};
                      team.add(clear, {.processor = 0});
                      team.add(copy, {.processor = 1});
                      team.run();
                    }),
              10);
  check_none(tried(2, [](Window& window) {
    int volatile word = 0;
    twice(
        window, [&] { word = 1; }, 0, 1);
  }));
  check_none(tried(2, [](Window& window) {
    char bytes[8] = {};
    std::atomic<int> next{0};
    twice(
        window, [&] { bytes[next++] = 1; }, 0, 1);
  }));
}

namespace {

// A block goes from one thread to another through their processor's cache of free ones, which the
// level guards.
void hand_block_over(Window& window) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<bool> freed{false};
  void* blocks[2] = {};
  auto use = [&](int number) {
    auto* const block =
        static_cast<unsigned char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'lpxE'));
    std::memset(block, number, 64);
    blocks[number] = block;
    ExFreePoolWithTag(block, 'lpxE');
  };
  auto low = [&] {
    use(0);
    freed.store(true, std::memory_order_relaxed);
    spin_while(freed, true);
  };
  auto high = [&] {
    wait(&event);
    use(1);
    freed = false;
  };
  auto setter = [&] {
    spin_while(freed, false);
    KeSetEvent(&event, 0, FALSE);
  };
  Team team{window};
  team.add(low, {.processor = 0, .priority = 6});
  team.add(high, {.processor = 0, .priority = 12});
  team.add(setter, {.processor = 1});
  team.run();
  MICA_CHECK(blocks[0] == blocks[1]);
}

}  // namespace

TEST_CASE("Race: a block that changes hands brings nothing of its former owner") {
  check_none(tried(2, hand_block_over));
}

namespace {

// A DPC and a thread of its processor count.
void count_with_dpc(Window& window, bool raises) {
  int counter = 0;
  KDPC dpc;
  KeInitializeDpc(
      &dpc, [](KDPC*, PVOID context, PVOID, PVOID) NTAPI { ++*static_cast<int*>(context); },
      &counter);
  KeSetTargetProcessorDpc(&dpc, 0);
  auto counting = [&] {
    for (int i = 0; i < 3; ++i) {
      KIRQL const old = raises ? KeRaiseIrqlToDpcLevel() : KeGetCurrentIrql();
      ++counter;
      if (raises) KeLowerIrql(old);
      point();
    }
  };
  auto inserter = [&] { KeInsertQueueDpc(&dpc, nullptr, nullptr); };
  Team team{window};
  team.add(counting, {.processor = 0});
  team.add(inserter, {.processor = 1});
  team.run();
}

}  // namespace

TEST_CASE("Race: a DPC and the thread that it interrupts are ordered by the level alone") {
  check_none(tried(2, [](Window& window) { count_with_dpc(window, true); }));
  check_found(tried(2, [](Window& window) { count_with_dpc(window, false); }), 20);
}
