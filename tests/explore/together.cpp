// L1, W1, D1 and where an interrupt lands, without the way to them and back: small enough that
// every execution that conflicts tell apart is made.
#include <set>

#include "crew.hpp"
#include "explore/dpor.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

std::atomic<int> ran, told;
std::set<int> seen;

// One inserts a DPC on the other's processor and says so; the other looks whether it ran, whether
// it was told, and whether it ran.
void look_around(Window& window) {
  ran = told = 0;
  KDPC dpc;
  KeInitializeDpc(
      &dpc, [](KDPC*, PVOID, PVOID, PVOID) NTAPI { ran = 1; }, nullptr);
  KeSetTargetProcessorDpc(&dpc, 1);
  int what = 0;
  auto program = [&](unsigned number) {
    if (number == 0) {
      KeInsertQueueDpc(&dpc, nullptr, nullptr);
      told = 1;
      return;
    }
    KeLowerIrql(PASSIVE_LEVEL);
    what = 100 * ran;
    what += 10 * told;
    what += ran;
    static_cast<void>(KeRaiseIrqlToDpcLevel());
  };
  run_together(window, {2}, program);
  seen.insert(what);
}

std::set<int> looked(Strategy& strategy) {
  seen.clear();
  Report const report = explore({.processors = 2, .body = look_around}, strategy, {});
  CHECK_FALSE(report.failed.has_value());
  CHECK(report.exhausted);
  return seen;
}

}  // namespace

TEST_CASE("Dpor: an interrupt lands wherever bounded search lets it land") {
  auto const all = looked(*dpor(false));
  CHECK(all == std::set<int>{0, 1, 10, 11, 101, 111});
  CHECK(all == looked(*bounded(4, false)));
}

MICA_EXPLORE("L1-three", "L1: a spin lock taken at DISPATCH_LEVEL by three excludes",
             .processors = 3, .loop_free = true) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  int turns = 0;
  auto program = [&](unsigned) {
    KeAcquireSpinLockAtDpcLevel(&lock);
    ++turns;
    KeReleaseSpinLockFromDpcLevel(&lock);
  };
  run_together(window, {3}, program);
  MICA_CHECK(turns == 3);
}

MICA_EXPLORE("L1-queued-two", "L1: a queued spin lock taken at DISPATCH_LEVEL by two excludes",
             .processors = 2, .loop_free = true) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  int turns = 0;
  auto program = [&](unsigned) {
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    ++turns;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  };
  run_together(window, {2}, program);
  MICA_CHECK(turns == 2);
}

MICA_EXPLORE("W1-set-set-reset", "W1: sets and resets of an event come one after the other",
             .processors = 3, .loop_free = true) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  LONG found[3] = {};
  auto program = [&](unsigned number) {
    found[number] = number == 2 ? KeResetEvent(&event) : KeSetEvent(&event, 0, FALSE);
  };
  run_together(window, {3}, program);
  LONG const sets = (found[0] == 0) + (found[1] == 0);
  MICA_CHECK(sets == found[2] + KeReadStateEvent(&event));
}

MICA_EXPLORE("D1-insert-remove", "D1: of two insertions and a removal each finds what is so",
             .processors = 3, .loop_free = true) {
  static std::atomic<int> runs;
  runs = 0;
  KDPC dpc;
  KeInitializeDpc(
      &dpc, [](KDPC*, PVOID, PVOID, PVOID) NTAPI { ++runs; }, nullptr);
  KeSetTargetProcessorDpc(&dpc, 1);
  std::atomic<int> inserted{0}, removed{0};
  auto program = [&](unsigned number) {
    if (number == 2)
      removed += KeRemoveQueueDpc(&dpc) != FALSE;
    else
      inserted += KeInsertQueueDpc(&dpc, nullptr, nullptr) != FALSE;
  };
  run_together(window, {.count = 3, .leaves = true}, program);
  KeFlushQueuedDpcs();
  MICA_CHECK(runs + removed == inserted);
}

MICA_EXPLORE("W1-set-wait", "W1: of a set and a wait neither is lost", .processors = 2,
             .loop_free = true) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto program = [&](unsigned number) {
    if (number == 0) {
      MICA_CHECK(KeSetEvent(&event, 0, FALSE) == 0);
      return;
    }
    KeLowerIrql(PASSIVE_LEVEL);
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    static_cast<void>(KeRaiseIrqlToDpcLevel());
  };
  run_together(window, {2}, program);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
}
