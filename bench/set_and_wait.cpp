// An event that is set and then waited for: nobody sleeps, nobody else comes.
#include <nt/ntddk.h>

#include <condition_variable>
#include <mutex>
#include <semaphore>

#include "bench.hpp"
#include "floor/scheduler.hpp"

namespace mica::bench {
namespace {

void ours(benchmark::State& state) {
  in_system(state, [&] {
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    for (auto _ : state) {
      KeSetEvent(&event, 0, FALSE);
      KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
    }
  });
}
BENCHMARK(ours)->Name("set-and-wait/ours");

void lowest(benchmark::State& state) {
  floor::Scheduler scheduler;
  floor::Event event;
  floor::Thread self;
  scheduler.current = &self;
  for (auto _ : state) {
    event.set(scheduler);
    event.wait(scheduler);
  }
}
BENCHMARK(lowest)->Name("set-and-wait/floor");

void condition_variable(benchmark::State& state) {
  std::mutex mutex;
  std::condition_variable changed;
  bool set = false;
  for (auto _ : state) {
    {
      std::lock_guard const guard{mutex};
      set = true;
      changed.notify_one();
    }
    std::unique_lock lock{mutex};
    changed.wait(lock, [&] { return set; });
    set = false;
  }
}
BENCHMARK(condition_variable)->Name("set-and-wait/peer:condition variable");

void binary_semaphore(benchmark::State& state) {
  std::binary_semaphore semaphore{0};
  for (auto _ : state) {
    semaphore.release();
    semaphore.acquire();
  }
}
BENCHMARK(binary_semaphore)->Name("set-and-wait/peer:binary_semaphore");

}  // namespace
}  // namespace mica::bench
