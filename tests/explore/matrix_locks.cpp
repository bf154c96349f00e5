// Every two ways to take a spin lock that can meet on one lock.
//   L1: they exclude, but for readers, and leave the level that they found.
#include <nt/ex.h>

#include "matrix.hpp"

using namespace mica::explore;

namespace {

struct Things {
  KSPIN_LOCK plain, queued;
  EX_SPIN_LOCK shared = 0;
  Guarded by_plain, by_queued, by_shared;

  Things() noexcept {
    KeInitializeSpinLock(&plain);
    KeInitializeSpinLock(&queued);
  }
  void begins() noexcept {}
  void ends() noexcept {
    for (Guarded const* guarded : {&by_plain, &by_queued, &by_shared})
      MICA_CHECK(guarded->value == guarded->writes);
    MICA_CHECK(KeTestSpinLock(&plain) && KeTestSpinLock(&queued) && shared == 0);
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  }
};

template <auto acquire>
void take_plain(Things& things) noexcept {
  KIRQL const old = acquire(&things.plain);
  things.by_plain.write();
  KeReleaseSpinLock(&things.plain, old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

void try_plain(Things& things) noexcept {
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  if (KeTryToAcquireSpinLockAtDpcLevel(&things.plain)) {
    things.by_plain.write();
    KeReleaseSpinLockFromDpcLevel(&things.plain);
  }
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
}

template <auto acquire, auto release>
void take_queued(Things& things) noexcept {
  KLOCK_QUEUE_HANDLE handle;
  acquire(&things.queued, &handle);
  things.by_queued.write();
  release(&handle);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

void take_queued_at_dispatch(Things& things) noexcept {
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  KLOCK_QUEUE_HANDLE handle;
  KeAcquireInStackQueuedSpinLockAtDpcLevel(&things.queued, &handle);
  things.by_queued.write();
  KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  KeLowerIrql(old);
}

void read(Things& things) noexcept {
  KIRQL const old = ExAcquireSpinLockShared(&things.shared);
  things.by_shared.read();
  ExReleaseSpinLockShared(&things.shared, old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

void write(Things& things) noexcept {
  KIRQL const old = ExAcquireSpinLockExclusive(&things.shared);
  things.by_shared.write();
  ExReleaseSpinLockExclusive(&things.shared, old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

void upgrade(Things& things) noexcept {
  KIRQL const old = ExAcquireSpinLockShared(&things.shared);
  things.by_shared.read();
  if (!ExTryConvertSharedSpinLockExclusive(&things.shared))
    return ExReleaseSpinLockShared(&things.shared, old);
  things.by_shared.write();
  ExReleaseSpinLockExclusive(&things.shared, old);
}

template <bool exclusive>
void try_shared(Things& things) noexcept {
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  if (exclusive && ExTryAcquireSpinLockExclusiveAtDpcLevel(&things.shared)) {
    things.by_shared.write();
    ExReleaseSpinLockExclusiveFromDpcLevel(&things.shared);
  } else if (!exclusive && ExTryAcquireSpinLockSharedAtDpcLevel(&things.shared)) {
    things.by_shared.read();
    ExReleaseSpinLockSharedFromDpcLevel(&things.shared);
  }
  KeLowerIrql(old);
}

constexpr Operation<Things> operations[] = {
    {"plain", take_plain<KeAcquireSpinLockRaiseToDpc>},
    {"plain-synch", take_plain<KeAcquireSpinLockRaiseToSynch>},
    {"plain-try", try_plain},
    {"queued", take_queued<KeAcquireInStackQueuedSpinLock, KeReleaseInStackQueuedSpinLock>},
    {"queued-synch",
     take_queued<KeAcquireInStackQueuedSpinLockRaiseToSynch, KeReleaseInStackQueuedSpinLock>},
    {"queued-dpc",
     take_queued<KeAcquireInStackQueuedSpinLockForDpc, KeReleaseInStackQueuedSpinLockForDpc>},
    {"queued-at-dispatch", take_queued_at_dispatch},
    {"shared", read},
    {"exclusive", write},
    {"upgrade", upgrade},
    {"shared-try", try_shared<false>},
    {"exclusive-try", try_shared<true>},
};

}  // namespace

TEST_CASE("Matrix: any two ways to take a spin lock may meet", "[explore][matrix]") {
  cross(operations);
}
