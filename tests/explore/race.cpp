// The race detector: what levels, locks and the pool order, and what they do not.
//   Scenarios are instrumented, so their own accesses are judged as the executive's are.
#include <nt/ex.h>

#include <cstring>

#include "races.hpp"

using namespace mica::explore;

namespace {

// Two threads of one processor: the second preempts the first, which has done its part. A thread
// that waits gives up its processor under a lock, which orders what it did before; one that is
// preempted does nothing of the kind.
template <class Part>
void preempt(Window& window, Part part) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<bool> done{false};
  auto low = [&] {
    part(0);
    done.store(true, std::memory_order_relaxed);
    spin_while(done, true);
  };
  auto high = [&] {
    wait(&event);
    part(1);
    done = false;
  };
  auto setter = [&] {
    spin_while(done, false);
    KeSetEvent(&event, 0, FALSE);
  };
  Team team{window};
  team.add(low, {.processor = 0, .priority = 6});
  team.add(high, {.processor = 0, .priority = 12});
  team.add(setter, {.processor = 1});
  team.run();
}

void count_preempted(Window& window) {
  int counter = 0;
  preempt(window, [&](int) { ++counter; });
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

// A block goes from one thread to another through their processor's cache of free ones, which the
// level guards.
void hand_block_over(Window& window) {
  void* blocks[2] = {};
  preempt(window, [&](int number) {
    auto* const block =
        static_cast<unsigned char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'lpxE'));
    std::memset(block, number, 64);
    blocks[number] = block;
    ExFreePoolWithTag(block, 'lpxE');
  });
  MICA_CHECK(blocks[0] == blocks[1]);
}

}  // namespace

TEST_CASE("Race: a thread that ended is before who waited for it") {
  check_none(tried(1, [](Window& window) {
    auto starter = [] {
      int ran = 0;
      auto body = [&] { ++ran; };
      mica::test::join(mica::test::start(body));
      MICA_CHECK(ran == 1);
    };
    Team team{window};
    team.add(starter);
    team.run();
  }));
}

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
  meet(team, counting, inserter);
}

}  // namespace

TEST_CASE("Race: a DPC and the thread that it interrupts are ordered by the level alone") {
  check_none(tried(2, [](Window& window) { count_with_dpc(window, true); }));
  check_found(tried(2, [](Window& window) { count_with_dpc(window, false); }), 20);
}
