#include <mica/test.hpp>

using namespace mica::test;

namespace {

struct Counter {
  KSPIN_LOCK lock;
  LONG value;  // not atomic: the lock guards it
  LONG inside;
  bool met;
};

constexpr LONG rounds = 200;

void step(Counter& counter) {
  counter.met |= counter.inside++ != 0;
  ++counter.value;
  KeStallExecutionProcessor(1);
  --counter.inside;
}

Counter fresh() {
  Counter counter{};
  KeInitializeSpinLock(&counter.lock);
  return counter;
}

bool violates(Bugcheck const& end, ULONG_PTR rule, KIRQL level, KSPIN_LOCK* lock) {
  return end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
         end.parameters[0] == rule && end.parameters[1] == level &&
         end.parameters[2] == reinterpret_cast<ULONG_PTR>(lock);
}

}  // namespace

MICA_CASE("Ke: a spin lock raises to DISPATCH_LEVEL and restores the level before") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  MICA_CHECK(KeTestSpinLock(&lock) == TRUE);
  KIRQL old = HIGH_LEVEL;
  KeAcquireSpinLock(&lock, &old);
  MICA_CHECK(old == PASSIVE_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  MICA_CHECK(KeTestSpinLock(&lock) == FALSE);
  KeReleaseSpinLock(&lock, old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  MICA_CHECK(KeTestSpinLock(&lock) == TRUE);
}

MICA_CASE("Ke: a spin lock taken to SYNCH_LEVEL") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KIRQL const old = KeAcquireSpinLockRaiseToSynch(&lock);
  MICA_CHECK(old == PASSIVE_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == SYNCH_LEVEL);
  KeReleaseSpinLock(&lock, old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: the at-DPC-level forms leave the level alone") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  KeAcquireSpinLockAtDpcLevel(&lock);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  MICA_CHECK(KeTestSpinLock(&lock) == FALSE);
  MICA_CHECK(KeTryToAcquireSpinLockAtDpcLevel(&lock) == FALSE);
  KeReleaseSpinLockFromDpcLevel(&lock);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  MICA_CHECK(KeTryToAcquireSpinLockAtDpcLevel(&lock) == TRUE);
  MICA_CHECK(KeTestSpinLock(&lock) == FALSE);
  KeReleaseSpinLockFromDpcLevel(&lock);
  MICA_CHECK(KeTestSpinLock(&lock) == TRUE);
  KeLowerIrql(old);
}

MICA_CASE("Ke: spin locks exclude") {
  Counter counter = fresh();
  auto body = [&counter] {
    for (LONG i = 0; i < rounds; ++i) {
      KIRQL const old = KeAcquireSpinLockRaiseToDpc(&counter.lock);
      step(counter);
      KeReleaseSpinLock(&counter.lock, old);
    }
  };
  Thread* threads[4];
  for (int i = 0; i < 4; ++i) threads[i] = start(body, {.processor = i});
  for (Thread* thread : threads) join(thread);
  MICA_CHECK(counter.value == 4 * rounds);
  MICA_CHECK(!counter.met);
}

MICA_CASE("Ke: spin locks that are tried for exclude") {
  Counter counter = fresh();
  auto body = [&counter] {
    for (LONG i = 0; i < rounds; ++i) {
      KIRQL const old = KeRaiseIrqlToDpcLevel();
      while (KeTryToAcquireSpinLockAtDpcLevel(&counter.lock) == FALSE) KeStallExecutionProcessor(1);
      step(counter);
      KeReleaseSpinLockFromDpcLevel(&counter.lock);
      KeLowerIrql(old);
    }
  };
  Thread* threads[2];
  for (int i = 0; i < 2; ++i) threads[i] = start(body, {.processor = i});
  for (Thread* thread : threads) join(thread);
  MICA_CHECK(counter.value == 2 * rounds);
  MICA_CHECK(!counter.met);
}

MICA_CASE("Ke: a processor that takes its spin lock twice stops") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Bugcheck const end = bugcheck_of([&lock] {
    static_cast<void>(KeAcquireSpinLockRaiseToDpc(&lock));
    KeAcquireSpinLockAtDpcLevel(&lock);
  });
  MICA_CHECK(end.happened && end.code == SPIN_LOCK_ALREADY_OWNED);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(&lock));
}

MICA_CASE("Ke: releasing a free spin lock stops") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Bugcheck const end = bugcheck_of([&lock] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    KeReleaseSpinLockFromDpcLevel(&lock);
  });
  MICA_CHECK(end.happened && end.code == SPIN_LOCK_NOT_OWNED);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(&lock));
}

MICA_CASE("Ke: KeAcquireSpinLock above DISPATCH_LEVEL is a violation") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Bugcheck const end = bugcheck_of([&lock] {
    static_cast<void>(KfRaiseIrql(SYNCH_LEVEL));
    static_cast<void>(KeAcquireSpinLockRaiseToDpc(&lock));
  });
  MICA_CHECK(violates(end, 0x42, SYNCH_LEVEL, &lock));
}

MICA_CASE("Ke: KeAcquireSpinLockRaiseToSynch above SYNCH_LEVEL is a violation") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Bugcheck const end = bugcheck_of([&lock] {
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    static_cast<void>(KeAcquireSpinLockRaiseToSynch(&lock));
  });
  MICA_CHECK(violates(end, 0x42, HIGH_LEVEL, &lock));
}

MICA_CASE("Ke: the at-DPC-level forms below DISPATCH_LEVEL are violations") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  MICA_CHECK(violates(bugcheck_of([&lock] { KeAcquireSpinLockAtDpcLevel(&lock); }), 0x40,
                      PASSIVE_LEVEL, &lock));
  MICA_CHECK(
      violates(bugcheck_of([&lock] { static_cast<void>(KeTryToAcquireSpinLockAtDpcLevel(&lock)); }),
               0x40, PASSIVE_LEVEL, &lock));
  MICA_CHECK(violates(bugcheck_of([&lock] { KeReleaseSpinLockFromDpcLevel(&lock); }), 0x41,
                      PASSIVE_LEVEL, &lock));
}

MICA_CASE("Ke: KeReleaseSpinLock below DISPATCH_LEVEL is a violation") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Bugcheck const end = bugcheck_of([&lock] { KeReleaseSpinLock(&lock, PASSIVE_LEVEL); });
  MICA_CHECK(violates(end, 0x32, PASSIVE_LEVEL, &lock));
}
