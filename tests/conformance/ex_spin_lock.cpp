#include <nt/ex.h>
#include <mica/test.hpp>

#include <atomic>

using namespace mica::test;

namespace {

bool violates(Bugcheck const& end, ULONG_PTR rule, KIRQL level) {
  return end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
         end.parameters[0] == rule && end.parameters[1] == level;
}

bool is_free(EX_SPIN_LOCK& lock) {
  if (ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock) == FALSE) return false;
  ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
  return true;
}

}  // namespace

MICA_CASE("Ke: a reader-writer spin lock raises to DISPATCH_LEVEL and restores the level before") {
  EX_SPIN_LOCK lock = 0;
  KIRQL old = ExAcquireSpinLockShared(&lock);
  MICA_CHECK(old == PASSIVE_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  ExReleaseSpinLockShared(&lock, old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  old = ExAcquireSpinLockExclusive(&lock);
  MICA_CHECK(old == PASSIVE_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  ExReleaseSpinLockExclusive(&lock, old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: readers share, a writer excludes") {
  EX_SPIN_LOCK lock = 0;
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  ExAcquireSpinLockSharedAtDpcLevel(&lock);
  MICA_CHECK(ExTryAcquireSpinLockSharedAtDpcLevel(&lock) != FALSE);
  MICA_CHECK(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock) == FALSE);
  ExReleaseSpinLockSharedFromDpcLevel(&lock);
  MICA_CHECK(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock) == FALSE);
  ExReleaseSpinLockSharedFromDpcLevel(&lock);
  ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
  MICA_CHECK(ExTryAcquireSpinLockSharedAtDpcLevel(&lock) == FALSE);
  MICA_CHECK(ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock) == FALSE);
  ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
  MICA_CHECK(is_free(lock));
  KeLowerIrql(old);
}

MICA_CASE("Ke: the only reader may become the writer, one of two may not") {
  EX_SPIN_LOCK lock = 0;
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  ExAcquireSpinLockSharedAtDpcLevel(&lock);
  ExAcquireSpinLockSharedAtDpcLevel(&lock);
  MICA_CHECK(ExTryConvertSharedSpinLockExclusive(&lock) == FALSE);
  ExReleaseSpinLockSharedFromDpcLevel(&lock);
  MICA_CHECK(ExTryConvertSharedSpinLockExclusive(&lock) != FALSE);
  MICA_CHECK(ExTryAcquireSpinLockSharedAtDpcLevel(&lock) == FALSE);
  ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
  MICA_CHECK(is_free(lock));
  KeLowerIrql(old);
}

MICA_CASE("Ke: reader-writer spin locks exclude") {
  struct {
    EX_SPIN_LOCK lock;
    LONG first, second;  // equal whenever no writer is inside
    bool torn;
  } shared{};
  auto writer = [&shared] {
    for (int i = 0; i < 100; ++i) {
      KIRQL const old = ExAcquireSpinLockExclusive(&shared.lock);
      ++shared.first;
      KeStallExecutionProcessor(1);
      ++shared.second;
      ExReleaseSpinLockExclusive(&shared.lock, old);
    }
  };
  std::atomic<bool> torn = false;
  auto reader = [&] {
    for (int i = 0; i < 100; ++i) {
      KIRQL const old = ExAcquireSpinLockShared(&shared.lock);
      LONG const seen = shared.first;
      KeStallExecutionProcessor(1);
      if (seen != shared.second) torn = true;
      ExReleaseSpinLockShared(&shared.lock, old);
    }
  };
  Thread* const threads[] = {start(writer, {.processor = 0}), start(reader, {.processor = 1}),
                             start(writer, {.processor = 2}), start(reader, {.processor = 3})};
  for (Thread* thread : threads) join(thread);
  MICA_CHECK(shared.first == 200 && shared.second == 200);
  MICA_CHECK(!torn);
}

MICA_CASE("Ke: a waiting writer keeps new readers out") {
  if (processors() < 2) return;
  struct {
    EX_SPIN_LOCK lock;
    std::atomic<bool> held;
    std::atomic<bool> written;
    bool kept_out;
  } shared{};
  auto reader = [&shared] {
    KIRQL const old = ExAcquireSpinLockShared(&shared.lock);
    shared.held = true;
    // A try succeeds until the writer waits.
    while (ExTryAcquireSpinLockSharedAtDpcLevel(&shared.lock) != FALSE) {
      ExReleaseSpinLockSharedFromDpcLevel(&shared.lock);
      KeStallExecutionProcessor(1);
    }
    shared.kept_out = !shared.written;
    ExReleaseSpinLockShared(&shared.lock, old);
  };
  auto writer = [&shared] {
    while (!shared.held) KeStallExecutionProcessor(1);
    KIRQL const old = ExAcquireSpinLockExclusive(&shared.lock);
    shared.written = true;
    ExReleaseSpinLockExclusive(&shared.lock, old);
  };
  Thread* const threads[] = {start(writer, {.processor = 0}), start(reader, {.processor = 1})};
  for (Thread* thread : threads) join(thread);
  MICA_CHECK(shared.kept_out);
  MICA_CHECK(shared.written);
}

MICA_CASE("Ke: releasing a free reader-writer spin lock stops") {
  EX_SPIN_LOCK lock = 0;
  Bugcheck const shared = bugcheck_of([&lock] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
  });
  MICA_CHECK(shared.happened && shared.code == SPIN_LOCK_NOT_OWNED);
  lock = 0;
  Bugcheck const exclusive = bugcheck_of([&lock] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
  });
  MICA_CHECK(exclusive.happened && exclusive.code == SPIN_LOCK_NOT_OWNED);
}

MICA_CASE("Ke: reader-writer spin locks below DISPATCH_LEVEL where they need it are violations") {
  EX_SPIN_LOCK lock = 0;
  MICA_CHECK(violates(bugcheck_of([&] { ExAcquireSpinLockSharedAtDpcLevel(&lock); }), 0x40,
                      PASSIVE_LEVEL));
  MICA_CHECK(violates(bugcheck_of([&] { ExAcquireSpinLockExclusiveAtDpcLevel(&lock); }), 0x40,
                      PASSIVE_LEVEL));
  MICA_CHECK(violates(bugcheck_of([&] { ExReleaseSpinLockSharedFromDpcLevel(&lock); }), 0x41,
                      PASSIVE_LEVEL));
  MICA_CHECK(violates(bugcheck_of([&] { ExReleaseSpinLockExclusiveFromDpcLevel(&lock); }), 0x41,
                      PASSIVE_LEVEL));
  MICA_CHECK(violates(bugcheck_of([&] { ExReleaseSpinLockShared(&lock, PASSIVE_LEVEL); }), 0x32,
                      PASSIVE_LEVEL));
  MICA_CHECK(violates(bugcheck_of([&] { ExReleaseSpinLockExclusive(&lock, PASSIVE_LEVEL); }), 0x32,
                      PASSIVE_LEVEL));
}

MICA_CASE("Ke: reader-writer spin locks taken above DISPATCH_LEVEL are violations") {
  EX_SPIN_LOCK lock = 0;
  MICA_CHECK(violates(bugcheck_of([&] {
                        static_cast<void>(KfRaiseIrql(SYNCH_LEVEL));
                        static_cast<void>(ExAcquireSpinLockShared(&lock));
                      }),
                      0x42, SYNCH_LEVEL));
  MICA_CHECK(violates(bugcheck_of([&] {
                        static_cast<void>(KfRaiseIrql(SYNCH_LEVEL));
                        static_cast<void>(ExAcquireSpinLockExclusive(&lock));
                      }),
                      0x42, SYNCH_LEVEL));
}
