// What callers of fast and guarded mutexes may not do.          [MSDN Bug Check 0xC4: 0x33, 0x34,
//                                                          0x39, 0x3A, 0x1000, 0x1004, 0x1007]
#include "lock_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG_PTR one_critical_region = 0xFFFF;  // a count of -1

// A mutex that this thread owns, for the rival that misuses it.
class Owned {
 public:
  Owned() noexcept {
    ExInitializeFastMutex(&mutex_);
    ExAcquireFastMutexUnsafe(&mutex_);
  }
  ~Owned() { ExReleaseFastMutexUnsafe(&mutex_); }
  Owned(Owned const&) = delete;
  Owned& operator=(Owned const&) = delete;
  FAST_MUTEX* get() noexcept { return &mutex_; }

 private:
  InCriticalRegion region_;
  FAST_MUTEX mutex_;
};

template <auto acquire>
Bugcheck above_apc_level(FAST_MUTEX& mutex) {
  return bugcheck_of([&] {
    static_cast<void>(KeRaiseIrqlToDpcLevel());
    static_cast<void>(acquire(&mutex));
  });
}

}  // namespace

MICA_CASE("Ex: acquiring a fast mutex above APC_LEVEL is violation 33") {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  Bugcheck const ends[] = {above_apc_level<ExAcquireFastMutex>(mutex),
                           above_apc_level<ExTryToAcquireFastMutex>(mutex),
                           above_apc_level<KeAcquireGuardedMutex>(mutex),
                           above_apc_level<KeTryToAcquireGuardedMutex>(mutex)};
  for (Bugcheck const& end : ends) MICA_CHECK(violates(end, 0x33, DISPATCH_LEVEL, address(&mutex)));
  MICA_CHECK(mutex.Count == FM_LOCK_BIT);
}

MICA_CASE("Ex: releasing a fast mutex off APC_LEVEL is violation 34") {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  for (KIRQL const level : {PASSIVE_LEVEL, DISPATCH_LEVEL}) {
    for (auto* const release : {ExReleaseFastMutex, KeReleaseGuardedMutex}) {
      Bugcheck const end = bugcheck_of([&] {
        KIRQL old;
        KeRaiseIrql(level, &old);
        release(&mutex);
      });
      MICA_CHECK(violates(end, 0x34, level, address(&mutex)));
    }
  }
}

MICA_CASE("Ex: acquiring a fast mutex unsafely where APCs come is violation 39") {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  for (auto* const acquire : {ExAcquireFastMutexUnsafe, KeAcquireGuardedMutexUnsafe}) {
    Bugcheck const end = bugcheck_of([&] { acquire(&mutex); });
    MICA_CHECK(violates(end, 0x39, PASSIVE_LEVEL, 0, address(&mutex)));
    Bugcheck const above = bugcheck_of([&] {
      KeEnterCriticalRegion();
      static_cast<void>(KeRaiseIrqlToDpcLevel());
      acquire(&mutex);
    });
    MICA_CHECK(violates(above, 0x39, DISPATCH_LEVEL, one_critical_region, address(&mutex)));
  }
}

MICA_CASE("Ex: releasing a fast mutex unsafely where APCs come is violation 3A") {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  for (auto* const release : {ExReleaseFastMutexUnsafe, KeReleaseGuardedMutexUnsafe}) {
    Bugcheck const end = bugcheck_of([&] { release(&mutex); });
    MICA_CHECK(violates(end, 0x3A, PASSIVE_LEVEL, 0, address(&mutex)));
  }
}

MICA_CASE("Ex: taking a fast mutex twice is violation 1000") {
  for (auto* const acquire : {ExAcquireFastMutex, KeAcquireGuardedMutex}) {
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    Bugcheck const end = bugcheck_of([&] {
      acquire(&mutex);
      acquire(&mutex);
    });
    MICA_CHECK(violates(end, 0x1000, address(&mutex)));
  }
}

MICA_CASE("Ex: releasing somebody else's fast mutex is violation 1004") {
  Owned mutex;
  ULONG_PTR other = 0;
  Bugcheck const end = bugcheck_of([&] {
    other = address(KeGetCurrentThread());
    AtLevel at{APC_LEVEL};
    ExReleaseFastMutex(mutex.get());
  });
  MICA_CHECK(violates(end, 0x1004, address(mutex.get()), address(KeGetCurrentThread()), other));
}

MICA_CASE("Ex: releasing a fast mutex that nobody has is violation 1007") {
  FAST_MUTEX mutex;
  ExInitializeFastMutex(&mutex);
  Bugcheck const end = bugcheck_of([&] {
    KeEnterCriticalRegion();
    ExReleaseFastMutexUnsafe(&mutex);
  });
  MICA_CHECK(violates(end, 0x1007, address(&mutex)));
}
