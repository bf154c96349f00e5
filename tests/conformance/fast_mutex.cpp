// Fast mutexes and guarded mutexes: what each routine promises, by both sets of names.
//                        [MSDN ExAcquireFastMutex, ExTryToAcquireFastMutex, KeAcquireGuardedMutex]
#include <cstring>

#include "busy.hpp"
#include "lock_support.hpp"

using namespace mica::test;

namespace {

// One of the two sets of names.
struct Names {
  void(NTAPI* initialize)(PFAST_MUTEX);
  void(NTAPI* acquire)(PFAST_MUTEX);
  BOOLEAN(NTAPI* try_to_acquire)(PFAST_MUTEX);
  void(NTAPI* release)(PFAST_MUTEX);
  void(NTAPI* acquire_unsafe)(PFAST_MUTEX);
  void(NTAPI* release_unsafe)(PFAST_MUTEX);
};

constexpr Names both_names[] = {
    {ExInitializeFastMutex, ExAcquireFastMutex, ExTryToAcquireFastMutex, ExReleaseFastMutex,
     ExAcquireFastMutexUnsafe, ExReleaseFastMutexUnsafe},
    {KeInitializeGuardedMutex, KeAcquireGuardedMutex, KeTryToAcquireGuardedMutex,
     KeReleaseGuardedMutex, KeAcquireGuardedMutexUnsafe, KeReleaseGuardedMutexUnsafe},
};

// Owns a mutex for a scope, in a critical region: below APC_LEVEL, where a case may wait.
class [[nodiscard]] Unsafely {
 public:
  Unsafely(Names const& names, FAST_MUTEX& mutex) noexcept : names_{names}, mutex_{mutex} {
    names_.acquire_unsafe(&mutex_);
  }
  ~Unsafely() { names_.release_unsafe(&mutex_); }
  Unsafely(Unsafely const&) = delete;
  Unsafely& operator=(Unsafely const&) = delete;

 private:
  InCriticalRegion region_;
  Names const& names_;
  FAST_MUTEX& mutex_;
};

template <class Body>
void with_each(Body body) {
  for (Names const& names : both_names) {
    FAST_MUTEX mutex;
    std::memset(&mutex, 0xCC, sizeof mutex);
    names.initialize(&mutex);
    body(names, mutex);
    MICA_CHECK(mutex.Count == FM_LOCK_BIT);
    MICA_CHECK(mutex.Owner == nullptr);
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  }
}

}  // namespace

MICA_CASE("Ex: a fast mutex is free once initialised") {
  with_each([](Names const&, FAST_MUTEX& mutex) {
    MICA_CHECK(mutex.Count == FM_LOCK_BIT && mutex.Owner == nullptr);
    MICA_CHECK(mutex.Contention == 0);
    MICA_CHECK(KeReadStateEvent(&mutex.Event) == 0);
  });
}

MICA_CASE("Ex: the owner of a fast mutex runs at APC_LEVEL and goes back to its level") {
  with_each([](Names const& names, FAST_MUTEX& mutex) {
    for (KIRQL const level : {PASSIVE_LEVEL, APC_LEVEL}) {
      AtLevel at{level};
      names.acquire(&mutex);
      MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
      MICA_CHECK(mutex.Owner == KeGetCurrentThread());
      MICA_CHECK(KeAreAllApcsDisabled());
      names.release(&mutex);
      MICA_CHECK(KeGetCurrentIrql() == level);
      MICA_CHECK(names.try_to_acquire(&mutex) == TRUE);
      MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
      MICA_CHECK(mutex.Owner == KeGetCurrentThread());
      names.release(&mutex);
      MICA_CHECK(KeGetCurrentIrql() == level);
    }
    MICA_CHECK(mutex.Contention == 0);
  });
}

MICA_CASE("Ex: trying a fast mutex that another thread owns changes nothing") {
  with_each([](Names const& names, FAST_MUTEX& mutex) {
    Unsafely owned{names, mutex};
    auto rival = [&] {
      MICA_CHECK(names.try_to_acquire(&mutex) == FALSE);
      MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    };
    join(start(rival));
    MICA_CHECK(mutex.Owner == KeGetCurrentThread());
  });
}

MICA_CASE("Ex: a fast mutex excludes another thread until it is released") {
  with_each([](Names const& names, FAST_MUTEX& mutex) {
    bool owned = false;
    auto rival = [&] {
      names.acquire(&mutex);
      MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
      owned = true;
      names.release(&mutex);
      MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    };
    mica::test::Thread* thread;
    {
      Unsafely owner{names, mutex};
      thread = start(rival, {.processor = 1});
      until_waiting(thread);
      MICA_CHECK(!owned);
    }
    join(thread);
    MICA_CHECK(owned);
    MICA_CHECK(mutex.Contention == 1);
  });
}

MICA_CASE("Ex: each of several waiters gets a fast mutex") {
  with_each([](Names const& names, FAST_MUTEX& mutex) {
    int turns = 0;
    auto rival = [&] {
      names.acquire(&mutex);
      ++turns;
      names.release(&mutex);
    };
    mica::test::Thread* threads[3];
    {
      Unsafely owner{names, mutex};
      for (int i = 0; i < 3; ++i) threads[i] = start(rival, {.processor = i});
      for (auto* thread : threads) until_waiting(thread);
      MICA_CHECK(turns == 0);
      MICA_CHECK(mutex.Count == 3 * FM_LOCK_WAITER_INC);
    }
    for (auto* thread : threads) join(thread);
    MICA_CHECK(turns == 3);
  });
}

MICA_CASE("Ex: a fast mutex that was released is free although who waited has not run yet") {
  with_each([](Names const& names, FAST_MUTEX& mutex) {
    Pinned const pinned{LOW_REALTIME_PRIORITY};
    auto rival = [&] {
      names.acquire(&mutex);
      names.release(&mutex);
    };
    mica::test::Thread* thread;
    {
      Unsafely owner{names, mutex};
      thread = start(rival, {.processor = 0});
      until_waiting(thread);
    }
    BOOLEAN const free = names.try_to_acquire(&mutex);
    MICA_CHECK(free == TRUE);
    if (free) names.release(&mutex);
    join(thread);
  });
}

MICA_CASE("Ex: an APC that the owner of a fast mutex kept off finds it free") {
  with_each([](Names const& names, FAST_MUTEX& mutex) {
    struct Attempt {
      KAPC apc;
      Names const* names;
      FAST_MUTEX* mutex;
      BOOLEAN taken;
    } attempt{{}, &names, &mutex, FALSE};
    KeInitializeApc(
        &attempt.apc, KeGetCurrentThread(), OriginalApcEnvironment,
        [](PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID* first, PVOID*) NTAPI {
          auto& own = *static_cast<Attempt*>(*first);
          own.taken = own.names->try_to_acquire(own.mutex);
          if (own.taken) own.names->release(own.mutex);
        },
        nullptr, nullptr, KernelMode, nullptr);
    names.acquire(&mutex);
    MICA_CHECK(KeInsertQueueApc(&attempt.apc, &attempt, nullptr, 0) == TRUE);
    names.release(&mutex);
    MICA_CHECK(attempt.taken == TRUE);
  });
}

MICA_CASE("Ex: the unsafe forms leave the level as it is") {
  with_each([](Names const& names, FAST_MUTEX& mutex) {
    {
      AtLevel at{APC_LEVEL};
      names.acquire_unsafe(&mutex);
      MICA_CHECK(mutex.Owner == KeGetCurrentThread());
      MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
      names.release_unsafe(&mutex);
      MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
    }
    {
      InCriticalRegion region;
      names.acquire_unsafe(&mutex);
      MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
      names.release_unsafe(&mutex);
    }
    KeEnterGuardedRegion();
    names.acquire_unsafe(&mutex);
    names.release_unsafe(&mutex);
    KeLeaveGuardedRegion();
  });
}

MICA_CASE("Ex: an unsafe acquisition waits for the owner") {
  with_each([](Names const& names, FAST_MUTEX& mutex) {
    bool owned = false;
    auto rival = [&] {
      InCriticalRegion region;
      names.acquire_unsafe(&mutex);
      owned = true;
      names.release_unsafe(&mutex);
    };
    mica::test::Thread* thread;
    {
      Unsafely owner{names, mutex};
      thread = start(rival, {.processor = 1});
      until_waiting(thread);
      MICA_CHECK(!owned);
    }
    join(thread);
    MICA_CHECK(owned);
  });
}
