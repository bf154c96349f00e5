// Locks that one waits for, taken and given back by one thread that finds them free.
#include <absl/synchronization/mutex.h>
#include <nt/ntddk.h>

#include <mutex>
#include <shared_mutex>

#include "bench.hpp"

namespace mica::bench {
namespace {

// A thread that no APC reaches, as owners of locks must be.
template <class Body>
void in_region(benchmark::State& state, Body body) {
  in_system(state, [&] {
    KeEnterCriticalRegion();
    body();
    KeLeaveCriticalRegion();
  });
}

void resource(benchmark::State& state, BOOLEAN(NTAPI* acquire)(PERESOURCE, BOOLEAN)) {
  in_region(state, [&] {
    ERESOURCE resource{};
    ExInitializeResourceLite(&resource);
    for (auto _ : state) {
      acquire(&resource, TRUE);
      ExReleaseResourceLite(&resource);
    }
    ExDeleteResourceLite(&resource);
  });
}
BENCHMARK_CAPTURE(resource, exclusive, ExAcquireResourceExclusiveLite)
    ->Name("resource/exclusive/ours");
BENCHMARK_CAPTURE(resource, shared, ExAcquireResourceSharedLite)->Name("resource/shared/ours");

void push_lock(benchmark::State& state, void(NTAPI* acquire)(PEX_PUSH_LOCK, ULONG),
               void(NTAPI* release)(PEX_PUSH_LOCK, ULONG)) {
  in_region(state, [&] {
    EX_PUSH_LOCK lock = 0;
    for (auto _ : state) {
      acquire(&lock, 0);
      release(&lock, 0);
    }
  });
}
BENCHMARK_CAPTURE(push_lock, exclusive, ExAcquirePushLockExclusiveEx, ExReleasePushLockExclusiveEx)
    ->Name("push-lock/exclusive/ours");
BENCHMARK_CAPTURE(push_lock, shared, ExAcquirePushLockSharedEx, ExReleasePushLockSharedEx)
    ->Name("push-lock/shared/ours");

void fast_mutex(benchmark::State& state) {
  in_system(state, [&] {
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    for (auto _ : state) {
      ExAcquireFastMutex(&mutex);
      ExReleaseFastMutex(&mutex);
    }
  });
}
BENCHMARK(fast_mutex)->Name("fast-mutex/ours");

void rundown(benchmark::State& state) {
  in_system(state, [&] {
    EX_RUNDOWN_REF reference;
    ExInitializeRundownProtection(&reference);
    for (auto _ : state) {
      ExAcquireRundownProtection(&reference);
      ExReleaseRundownProtection(&reference);
    }
  });
}
BENCHMARK(rundown)->Name("rundown/ours");

// One locked operation each to take and to give back: the least that a word needs whose owner may
// sleep.
struct Word {
  std::atomic<std::uint64_t> word{0};
  [[gnu::noinline]] void take() noexcept {
    std::uint64_t expected = 0;
    if (!word.compare_exchange_strong(expected, 1, std::memory_order_acquire)) __builtin_trap();
  }
  [[gnu::noinline]] void give() noexcept {
    std::uint64_t expected = 1;
    if (!word.compare_exchange_strong(expected, 0, std::memory_order_release)) __builtin_trap();
  }
};

void word_floor(benchmark::State& state) {
  Word word;
  for (auto _ : state) {
    word.take();
    word.give();
  }
}

template <class Lock>
void exclusive(benchmark::State& state) {
  Lock lock;
  for (auto _ : state) {
    lock.lock();
    lock.unlock();
  }
}

void shared_std(benchmark::State& state) {
  std::shared_mutex lock;
  for (auto _ : state) {
    lock.lock_shared();
    lock.unlock_shared();
  }
}

void exclusive_absl(benchmark::State& state) {
  absl::Mutex lock;
  for (auto _ : state) {
    lock.Lock();
    lock.Unlock();
  }
}

void shared_absl(benchmark::State& state) {
  absl::Mutex lock;
  for (auto _ : state) {
    lock.ReaderLock();
    lock.ReaderUnlock();
  }
}

BENCHMARK(word_floor)->Name("resource/exclusive/floor");
BENCHMARK(word_floor)->Name("resource/shared/floor");
BENCHMARK(word_floor)->Name("push-lock/exclusive/floor");
BENCHMARK(word_floor)->Name("push-lock/shared/floor");
BENCHMARK(word_floor)->Name("fast-mutex/floor");
BENCHMARK(word_floor)->Name("rundown/floor");
BENCHMARK(exclusive<std::shared_mutex>)->Name("resource/exclusive/peer:std::shared_mutex");
BENCHMARK(exclusive<std::shared_mutex>)->Name("push-lock/exclusive/peer:std::shared_mutex");
BENCHMARK(shared_std)->Name("resource/shared/peer:std::shared_mutex");
BENCHMARK(shared_std)->Name("push-lock/shared/peer:std::shared_mutex");
BENCHMARK(exclusive_absl)->Name("resource/exclusive/peer:absl::Mutex");
BENCHMARK(exclusive_absl)->Name("push-lock/exclusive/peer:absl::Mutex");
BENCHMARK(shared_absl)->Name("resource/shared/peer:absl::Mutex");
BENCHMARK(shared_absl)->Name("push-lock/shared/peer:absl::Mutex");
BENCHMARK(exclusive<std::mutex>)->Name("fast-mutex/peer:std::mutex");
BENCHMARK(exclusive_absl)->Name("fast-mutex/peer:absl::Mutex");

}  // namespace
}  // namespace mica::bench
