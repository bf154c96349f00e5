// IRQL up and down; spin locks taken and given back by one processor.
#include <nt/ntddk.h>
#include <pthread.h>

#include "bench.hpp"
#include "floor/lock.hpp"

namespace mica::bench {
namespace {

void irql(benchmark::State& state) {
  in_system(state, [&] {
    for (auto _ : state) {
      KIRQL old;
      KeRaiseIrql(DISPATCH_LEVEL, &old);
      KeLowerIrql(old);
    }
  });
}
BENCHMARK(irql)->Name("irql/ours");

// A level in a block that a thread-local pointer names, and a look at what became pending.
struct Block {
  std::uint8_t level = 0;
  std::uint32_t pending = 0;
  static inline thread_local Block* current;

  [[gnu::noinline]] static std::uint8_t raise(std::uint8_t level) noexcept {
    return std::exchange(current->level, level);
  }
  [[gnu::noinline]] static void lower(std::uint8_t level) noexcept {
    Block& block = *current;
    block.level = level;
    if (block.pending >> level > 1) __builtin_trap();
  }
};

void irql_floor(benchmark::State& state) {
  Block block;
  Block::current = &block;
  for (auto _ : state) {
    std::uint8_t const old = Block::raise(DISPATCH_LEVEL);
    Block::lower(old);
  }
}
BENCHMARK(irql_floor)->Name("irql/floor");

void plain(benchmark::State& state) {
  in_system(state, [&] {
    KSPIN_LOCK lock = 0;
    for (auto _ : state) {
      KIRQL const old = KeAcquireSpinLockRaiseToDpc(&lock);
      KeReleaseSpinLock(&lock, old);
    }
  });
}
BENCHMARK(plain)->Name("spin-lock/plain/ours");

void at_dispatch(benchmark::State& state) {
  in_system(state, [&] {
    KSPIN_LOCK lock = 0;
    KIRQL const old = KeRaiseIrqlToDpcLevel();
    for (auto _ : state) {
      KeAcquireSpinLockAtDpcLevel(&lock);
      KeReleaseSpinLockFromDpcLevel(&lock);
    }
    KeLowerIrql(old);
  });
}
BENCHMARK(at_dispatch)->Name("spin-lock/at-dispatch/ours");

void queued(benchmark::State& state) {
  in_system(state, [&] {
    KSPIN_LOCK lock = 0;
    for (auto _ : state) {
      KLOCK_QUEUE_HANDLE handle;
      KeAcquireInStackQueuedSpinLock(&lock, &handle);
      KeReleaseInStackQueuedSpinLock(&handle);
    }
  });
}
BENCHMARK(queued)->Name("spin-lock/queued/ours");

struct Outlined {
  floor::Lock lock;
  [[gnu::noinline]] void acquire() noexcept { lock.lock(); }
  [[gnu::noinline]] void release() noexcept { lock.unlock(); }
};

void lock_floor(benchmark::State& state) {
  Outlined lock;
  for (auto _ : state) {
    lock.acquire();
    lock.release();
  }
}
BENCHMARK(lock_floor)->Name("spin-lock/plain/floor");
BENCHMARK(lock_floor)->Name("spin-lock/at-dispatch/floor");

// A queued lock of one waiter takes an exchange to acquire and a compare-exchange to release.
struct Queue {
  struct Node {
    std::atomic<Node*> next{nullptr};
  };
  std::atomic<Node*> tail{nullptr};
  [[gnu::noinline]] void acquire(Node& node) noexcept {
    if (tail.exchange(&node, std::memory_order_acquire) != nullptr) __builtin_trap();
  }
  [[gnu::noinline]] void release(Node& node) noexcept {
    Node* expected = &node;
    if (!tail.compare_exchange_strong(expected, nullptr, std::memory_order_release))
      __builtin_trap();
  }
};

void queue_floor(benchmark::State& state) {
  Queue queue;
  for (auto _ : state) {
    Queue::Node node;
    queue.acquire(node);
    queue.release(node);
  }
}
BENCHMARK(queue_floor)->Name("spin-lock/queued/floor");

void pthread_spin(benchmark::State& state) {
  pthread_spinlock_t lock;
  pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
  for (auto _ : state) {
    pthread_spin_lock(&lock);
    pthread_spin_unlock(&lock);
  }
  pthread_spin_destroy(&lock);
}
BENCHMARK(pthread_spin)->Name("spin-lock/plain/peer:pthread spin");

void pthread_mutex(benchmark::State& state) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  for (auto _ : state) {
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
  }
}
BENCHMARK(pthread_mutex)->Name("spin-lock/plain/peer:pthread mutex");

}  // namespace
}  // namespace mica::bench
