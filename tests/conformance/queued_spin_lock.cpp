#include <mica/test.hpp>

#include <atomic>

using namespace mica::test;

namespace {

bool violates(Bugcheck const& end, ULONG_PTR rule, KIRQL level, KSPIN_LOCK* lock) {
  return end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
         end.parameters[0] == rule && end.parameters[1] == level &&
         end.parameters[2] == reinterpret_cast<ULONG_PTR>(lock);
}

}  // namespace

MICA_CASE("Ke: a queued spin lock raises to DISPATCH_LEVEL and restores the level before") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KLOCK_QUEUE_HANDLE handle;
  KIRQL const old = KfRaiseIrql(APC_LEVEL);
  KeAcquireInStackQueuedSpinLock(&lock, &handle);
  MICA_CHECK(handle.OldIrql == APC_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeReleaseInStackQueuedSpinLock(&handle);
  MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
  MICA_CHECK(KeTestSpinLock(&lock) == TRUE);
  KeLowerIrql(old);
}

MICA_CASE("Ke: a queued spin lock taken to SYNCH_LEVEL") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KLOCK_QUEUE_HANDLE handle;
  KeAcquireInStackQueuedSpinLockRaiseToSynch(&lock, &handle);
  MICA_CHECK(KeGetCurrentIrql() == SYNCH_LEVEL);
  KeReleaseInStackQueuedSpinLock(&handle);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: the at-DPC-level forms of queued spin locks leave the level alone") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KLOCK_QUEUE_HANDLE handle;
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
}

MICA_CASE("Ke: the for-DPC forms of queued spin locks restore the level they found") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KLOCK_QUEUE_HANDLE handle;
  KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeReleaseInStackQueuedSpinLockForDpc(&handle);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  KeAcquireInStackQueuedSpinLockForDpc(&lock, &handle);
  KeReleaseInStackQueuedSpinLockForDpc(&handle);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
}

MICA_CASE("Ke: queued spin locks exclude") {
  struct {
    KSPIN_LOCK lock;
    LONG value, inside;
    bool met;
  } shared{};
  auto body = [&shared] {
    for (int i = 0; i < 200; ++i) {
      KLOCK_QUEUE_HANDLE handle;
      KeAcquireInStackQueuedSpinLock(&shared.lock, &handle);
      shared.met |= shared.inside++ != 0;
      ++shared.value;
      KeStallExecutionProcessor(1);
      --shared.inside;
      KeReleaseInStackQueuedSpinLock(&handle);
    }
  };
  Thread* threads[4];
  for (int i = 0; i < 4; ++i) threads[i] = start(body, {.processor = i});
  for (Thread* thread : threads) join(thread);
  MICA_CHECK(shared.value == 800);
  MICA_CHECK(!shared.met);
  MICA_CHECK(KeTestSpinLock(&shared.lock) == TRUE);
}

MICA_CASE("Ke: queued spin locks are first come, first served") {
  if (processors() < 3) return;
  struct {
    KSPIN_LOCK lock;
    std::atomic<int> gate;  // how many may queue
    int served;             // guarded by the lock
    int order[2];
  } shared{};
  auto body = [&shared](int name) {
    while (shared.gate < name) KeStallExecutionProcessor(1);
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(&shared.lock, &handle);
    shared.order[shared.served++] = name;
    KeReleaseInStackQueuedSpinLock(&handle);
  };
  auto first = [&body] { body(1); };
  auto second = [&body] { body(2); };
  // The lock word names the last in the queue: when it changes, another has come.
  auto holder = [&shared] {
    std::atomic_ref<KSPIN_LOCK> const last{shared.lock};
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(&shared.lock, &handle);
    for (int name : {1, 2}) {
      KSPIN_LOCK const before = last.load();
      shared.gate = name;
      while (last.load() == before) KeStallExecutionProcessor(1);
    }
    KeReleaseInStackQueuedSpinLock(&handle);
  };
  Thread* const threads[] = {start(first, {.processor = 1}), start(second, {.processor = 2}),
                             start(holder, {.processor = 0})};
  for (Thread* thread : threads) join(thread);
  MICA_CHECK(shared.served == 2);
  MICA_CHECK(shared.order[0] == 1 && shared.order[1] == 2);
}

MICA_CASE("Ke: releasing a queued spin lock twice stops") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Bugcheck const end = bugcheck_of([&lock] {
    KLOCK_QUEUE_HANDLE handle;
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  });
  MICA_CHECK(end.happened && end.code == SPIN_LOCK_NOT_OWNED);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(&lock));
}

MICA_CASE("Ke: queued spin locks at a wrong level are violations") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KLOCK_QUEUE_HANDLE handle{};
  handle.LockQueue.Lock = &lock;
  MICA_CHECK(violates(bugcheck_of([&] {
                        static_cast<void>(KfRaiseIrql(SYNCH_LEVEL));
                        KeAcquireInStackQueuedSpinLock(&lock, &handle);
                      }),
                      0x42, SYNCH_LEVEL, &lock));
  MICA_CHECK(
      violates(bugcheck_of([&] { KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle); }), 0x40,
               PASSIVE_LEVEL, &lock));
  MICA_CHECK(violates(bugcheck_of([&] { KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle); }),
                      0x41, PASSIVE_LEVEL, &lock));
  MICA_CHECK(violates(bugcheck_of([&] { KeReleaseInStackQueuedSpinLock(&handle); }), 0x36,
                      PASSIVE_LEVEL, &lock));
}
