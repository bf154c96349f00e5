// What deadlock detection says of what is done with one lock.
//       [MSDN "Deadlock Detection", Bug Check 0xC4: 0x1000, 0x1003, 0x1005, 0x1008, 0x1009, 0x100A,
//                                                                                       0x100B]
#include <nt/ps.h>

#include "deadlock_support.hpp"

using namespace mica::test;

namespace {

template <class Lock>
void check_twice() {
  InPool<Lock> lock;
  Bugcheck const end = bugcheck_of([&] {
    lock->take();
    lock->take();
  });
  MICA_CHECK(violates(end, 0x1000, lock.address()));
}

}  // namespace

MICA_CASE("Ke: waiting for a lock that the thread has is violation 1000") {
  DeadlockDetection detection;
  check_twice<Queued>();
  check_twice<Written>();
  check_twice<Fast>();
  check_twice<Pushed>();
  InPool<Shared> resource;
  Bugcheck const end = bugcheck_of([&] {
    resource->take();
    static_cast<void>(ExAcquireResourceExclusiveLite(&resource->lock, TRUE));
  });
  MICA_CHECK(violates(end, 0x1000, resource.address()));
  InPool<Owned> converted;
  Bugcheck const after_conversion = bugcheck_of([&] {
    converted->take();
    ExConvertExclusiveToSharedLite(&converted->lock);
    static_cast<void>(ExAcquireResourceExclusiveLite(&converted->lock, TRUE));
  });
  MICA_CHECK(violates(after_conversion, 0x1000, converted.address()));
}

MICA_CASE(
    "Ke: waiting to write what the thread reads, or to read what it writes, is violation 1000") {
  DeadlockDetection detection;
  InPool<Read> read, shared;
  shared->take();
  ExAcquireSpinLockSharedAtDpcLevel(&shared->lock);  // readers share, with themselves too
  ExReleaseSpinLockSharedFromDpcLevel(&shared->lock);
  shared->give();
  Bugcheck const writes = bugcheck_of([&] {
    read->take();
    ExAcquireSpinLockExclusiveAtDpcLevel(&read->lock);
  });
  MICA_CHECK(violates(writes, 0x1000, read.address()));
  InPool<Written> written;
  Bugcheck const reads = bugcheck_of([&] {
    written->take();
    ExAcquireSpinLockSharedAtDpcLevel(&written->lock);
  });
  MICA_CHECK(violates(reads, 0x1000, written.address()));
  InPool<Read> converted;
  Bugcheck const after_conversion = bugcheck_of([&] {
    converted->take();
    MICA_CHECK(ExTryConvertSharedSpinLockExclusive(&converted->lock));
    ExAcquireSpinLockSharedAtDpcLevel(&converted->lock);
  });
  MICA_CHECK(violates(after_conversion, 0x1000, converted.address()));
  InPool<Read> refused;
  refused->take();
  ExAcquireSpinLockSharedAtDpcLevel(&refused->lock);
  MICA_CHECK(!ExTryConvertSharedSpinLockExclusive(&refused->lock));
  ExAcquireSpinLockSharedAtDpcLevel(&refused->lock);
  for (int i = 0; i < 2; ++i) ExReleaseSpinLockSharedFromDpcLevel(&refused->lock);
  refused->give();
}

MICA_CASE("Ex: a push lock that is taken where APCs come is told so, whoever holds it") {
  DeadlockDetection detection;
  InPool<Pushed> push;
  Bugcheck const end = bugcheck_of([&] {
    push->take();
    KeLeaveCriticalRegion();
    ExAcquirePushLockExclusiveEx(&push->lock, 0);
  });
  MICA_CHECK(violates(end, 0xEA, PASSIVE_LEVEL, 0, push.address()));
}

MICA_CASE("Ex: a fast mutex that is taken above its level is told so, whoever holds it") {
  DeadlockDetection detection;
  InPool<Fast> fast;
  Bugcheck const end = bugcheck_of([&] {
    fast->take();
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    fast->take();
  });
  MICA_CHECK(violates(end, 0x33, DISPATCH_LEVEL, fast.address()));
}

MICA_CASE(
    "Ke: a release that lowers the level beneath a lock that was taken later is violation 1003") {
  DeadlockDetection detection;
  InPool<Plain> first, second;
  Bugcheck const spins = bugcheck_of([&] {
    first->take();
    second->take();
    first->give();
  });
  MICA_CHECK(violates(spins, 0x1003, first.address(), second.address()));
  InPool<Plain> spin;
  InPool<Read> reader;
  Bugcheck const reads = bugcheck_of([&] {
    spin->take();
    reader->take();
    spin->give();
  });
  MICA_CHECK(violates(reads, 0x1003, spin.address(), reader.address()));
  InPool<Fast> outer, inner;
  Bugcheck const waits = bugcheck_of([&] {
    outer->take();
    inner->take();
    outer->give();
  });
  MICA_CHECK(violates(waits, 0x1003, outer.address(), inner.address()));
}

MICA_CASE("Ke: initialising a lock that somebody holds is violation 1005") {
  DeadlockDetection detection;
  InPool<Plain> spin;
  Bugcheck const spins = bugcheck_of([&] {
    spin->take();
    KeInitializeSpinLock(&spin->lock);
  });
  MICA_CHECK(violates(spins, 0x1005, spin.address()));
  InPool<Fast> mutex;
  Bugcheck const waits = bugcheck_of([&] {
    mutex->take();
    ExInitializeFastMutex(&mutex->lock);
  });
  MICA_CHECK(violates(waits, 0x1005, mutex.address()));
  InPool<Pushed> push;
  Bugcheck const pushes = bugcheck_of([&] {
    push->take();
    ExInitializePushLock(&push->lock);
  });
  MICA_CHECK(violates(pushes, 0x1005, push.address()));
  InPool<Owned> resource;
  Bugcheck const reinitializes = bugcheck_of([&] {
    resource->take();
    static_cast<void>(ExReinitializeResourceLite(&resource->lock));
  });
  MICA_CHECK(violates(reinitializes, 0x1005, resource.address()));
  InPool<Guarded> guarded;
  Bugcheck const guards = bugcheck_of([&] {
    guarded->take();
    KeInitializeGuardedMutex(&guarded->lock);
  });
  MICA_CHECK(violates(guards, 0x1005, guarded.address()));
  static KMUTEX mutant;  // the thread that ends leaves it behind
  KeInitializeMutex(&mutant, 0);
  Bugcheck const owns = bugcheck_of([&] {
    MICA_CHECK(wait(&mutant) == STATUS_SUCCESS);
    KeInitializeMutex(&mutant, 0);
  });
  MICA_CHECK(violates(owns, 0x1005, reinterpret_cast<ULONG_PTR>(&mutant)));
}

MICA_CASE("Ke: a spin lock that is used as two kinds is violation 1008 or 1009") {
  DeadlockDetection detection;
  InPool<Plain> acquired;
  Bugcheck const acquires = bugcheck_of([&] {
    acquired->take();
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&acquired->lock, &handle);
  });
  MICA_CHECK(violates(acquires, 0x1008, acquired.address()));
  InPool<Queued> released;
  Bugcheck const releases = bugcheck_of([&] {
    released->take();
    KeReleaseSpinLock(&released->lock, PASSIVE_LEVEL);
  });
  MICA_CHECK(violates(releases, 0x1009, released.address()));
}

MICA_CASE("Ke: a thread that ends with a lock is violation 100A") {
  DeadlockDetection detection;
  InPool<Owned> resource;
  ULONG_PTR thread = 0;
  Bugcheck const end = bugcheck_of([&] {
    thread = address(KeGetCurrentThread());
    resource->take();
    KeLeaveCriticalRegion();
    static_cast<void>(PsTerminateSystemThread(STATUS_SUCCESS));
  });
  MICA_CHECK(violates(end, 0x100A, thread, resource.address()));
}

MICA_CASE("Ke: freeing the memory of a lock that somebody has is violation 100B") {
  DeadlockDetection detection;
  struct Block {
    char before[40];
    FAST_MUTEX mutex;
  };
  auto* const block =
      static_cast<Block*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Block), 'kcoL'));
  MICA_REQUIRE(block != nullptr);
  ULONG_PTR thread = 0;
  Bugcheck const end = bugcheck_of([&] {
    thread = address(KeGetCurrentThread());
    ExInitializeFastMutex(&block->mutex);
    ExAcquireFastMutex(&block->mutex);
    ExFreePool(block);
  });
  MICA_CHECK(violates(end, 0x100B, address(&block->mutex), thread));
  ExFreePool(block);
}
