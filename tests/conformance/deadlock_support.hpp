// Locks of every kind in one shape, for the cases of deadlock detection.
//   In the pool, because a lock that has no routine to initialise it takes no part on a stack.
#pragma once

#include <nt/ex.h>

#include <new>

#include "lock_support.hpp"

namespace mica::test {

struct Plain {
  KSPIN_LOCK lock;
  KIRQL old;
  Plain() noexcept { KeInitializeSpinLock(&lock); }
  void take() noexcept { KeAcquireSpinLock(&lock, &old); }
  void give() noexcept { KeReleaseSpinLock(&lock, old); }
};

struct PlainAtSynch : Plain {
  void take() noexcept { old = KeAcquireSpinLockRaiseToSynch(&lock); }
};

struct Queued {
  KSPIN_LOCK lock;
  KLOCK_QUEUE_HANDLE handle;
  Queued() noexcept { KeInitializeSpinLock(&lock); }
  void take() noexcept { KeAcquireInStackQueuedSpinLock(&lock, &handle); }
  void give() noexcept { KeReleaseInStackQueuedSpinLock(&handle); }
};

struct QueuedAtSynch : Queued {
  void take() noexcept { KeAcquireInStackQueuedSpinLockRaiseToSynch(&lock, &handle); }
};

struct Written {
  EX_SPIN_LOCK lock = 0;
  KIRQL old;
  void take() noexcept { old = ExAcquireSpinLockExclusive(&lock); }
  void give() noexcept { ExReleaseSpinLockExclusive(&lock, old); }
};

struct Read {
  EX_SPIN_LOCK lock = 0;
  KIRQL old;
  void take() noexcept { old = ExAcquireSpinLockShared(&lock); }
  void give() noexcept { ExReleaseSpinLockShared(&lock, old); }
};

// The same from DISPATCH_LEVEL.
struct WrittenAtDispatch : Written {
  void take() noexcept {
    old = KeRaiseIrqlToDpcLevel();
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
  }
  void give() noexcept {
    ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    KeLowerIrql(old);
  }
};

struct ReadAtDispatch : Read {
  void take() noexcept {
    old = KeRaiseIrqlToDpcLevel();
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
  }
  void give() noexcept {
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
    KeLowerIrql(old);
  }
};

struct Fast {
  FAST_MUTEX lock;
  Fast() noexcept { ExInitializeFastMutex(&lock); }
  void take() noexcept { ExAcquireFastMutex(&lock); }
  void give() noexcept { ExReleaseFastMutex(&lock); }
};

struct Guarded {
  KGUARDED_MUTEX lock;
  Guarded() noexcept { KeInitializeGuardedMutex(&lock); }
  void take() noexcept { KeAcquireGuardedMutex(&lock); }
  void give() noexcept { KeReleaseGuardedMutex(&lock); }
};

// Taken in a critical region, at the level as it is.
struct Unsafe : Fast {
  void take() noexcept {
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&lock);
  }
  void give() noexcept {
    ExReleaseFastMutexUnsafe(&lock);
    KeLeaveCriticalRegion();
  }
};

struct GuardedUnsafe : Guarded {
  void take() noexcept {
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&lock);
  }
  void give() noexcept {
    KeReleaseGuardedMutexUnsafe(&lock);
    KeLeaveGuardedRegion();
  }
};

struct Mutex {
  KMUTEX lock;
  Mutex() noexcept { KeInitializeMutex(&lock, 0); }
  void take() noexcept { wait(&lock); }
  void give() noexcept { KeReleaseMutex(&lock, FALSE); }
};

struct Owned {
  ERESOURCE lock{};
  Owned() noexcept { static_cast<void>(ExInitializeResourceLite(&lock)); }
  void take() noexcept { ExEnterCriticalRegionAndAcquireResourceExclusive(&lock); }
  void give() noexcept { ExReleaseResourceAndLeaveCriticalRegion(&lock); }
};

struct Shared : Owned {
  void take() noexcept { ExEnterCriticalRegionAndAcquireResourceShared(&lock); }
};

// By the routine of that name, in a critical region.
template <auto acquire>
struct OwnedBy : Owned {
  void take() noexcept {
    KeEnterCriticalRegion();
    MICA_CHECK(acquire(&lock, TRUE));
  }
};

struct SharedBehindWriters : Owned {
  void take() noexcept { ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(&lock); }
};

struct Pushed {
  EX_PUSH_LOCK lock;
  Pushed() noexcept { ExInitializePushLock(&lock); }
  void take() noexcept {
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusiveEx(&lock, 0);
  }
  void give() noexcept {
    ExReleasePushLockExclusiveEx(&lock, 0);
    KeLeaveCriticalRegion();
  }
};

struct PushedShared : Pushed {
  void take() noexcept {
    KeEnterCriticalRegion();
    ExAcquirePushLockSharedEx(&lock, 0);
  }
  void give() noexcept {
    ExReleasePushLockSharedEx(&lock, 0);
    KeLeaveCriticalRegion();
  }
};

// One of them, for a scope.
template <class Lock>
class InPool {
 public:
  InPool() noexcept
      : lock_{::new (ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Lock), 'kcoL')) Lock} {}
  ~InPool() {
    if constexpr (requires { ExDeleteResourceLite(&lock_->lock); }) forget(lock_->lock);
    ExFreePool(lock_);
  }
  InPool(InPool const&) = delete;
  InPool& operator=(InPool const&) = delete;

  Lock* operator->() noexcept { return lock_; }
  [[nodiscard]] ULONG_PTR address() const noexcept { return test::address(&lock_->lock); }

 private:
  // Whoever owned it has ended with a bugcheck.
  static void forget(ERESOURCE& resource) noexcept {
    if (resource.ActiveEntries != 0)
      ExReleaseResourceForThreadLite(&resource, resource.OwnerEntry.OwnerThread);
    MICA_CHECK(ExDeleteResourceLite(&resource) == STATUS_SUCCESS);
  }

  Lock* const lock_;
};

// One inside the other.
template <class Outer, class Inner>
void nest(Outer& outer, Inner& inner) noexcept {
  outer->take();
  inner->take();
  inner->give();
  outer->give();
}

}  // namespace mica::test
