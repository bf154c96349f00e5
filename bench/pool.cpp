// The pool: 64 bytes last in first out, random sizes among 10 000 live blocks, blocks that another
// processor frees.
#include <nt/ntddk.h>
#include <semaphore.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "allocators.hpp"
#include "bench.hpp"

namespace mica::bench {
namespace {

void in_order(benchmark::State& state, Allocator const& allocator) {
  for (auto _ : state) {
    void* const memory = allocator.allocate(64);
    *static_cast<char volatile*>(memory) = 1;
    allocator.release(memory);
  }
}

void random_sizes(benchmark::State& state, Allocator const& allocator) {
  Churn churn{allocator};
  for (auto _ : state) churn.step();
}

// Handed over in rounds: what one allocates, another frees.
constexpr std::size_t round_blocks = 1024;

void elsewhere(benchmark::State& state, Allocator const& allocator) {
  std::vector<void*> blocks(round_blocks);
  sem_t full, empty;
  sem_init(&full, 0, 0);
  sem_init(&empty, 0, 0);
  std::atomic<bool> over{false};
  std::thread other{[&] {
    for (sem_wait(&full); !over; sem_wait(&full)) {
      for (void* const block : blocks) allocator.release(block);
      sem_post(&empty);
    }
  }};
  while (state.KeepRunningBatch(round_blocks)) {
    for (void*& block : blocks) block = allocator.allocate(64);
    sem_post(&full);
    sem_wait(&empty);
  }
  over = true;
  sem_post(&full);
  other.join();
}

// Two processors, one thread that goes from one to the other: the same without a second thread.
void elsewhere_ours(benchmark::State& state) {
  in_system(state,
            [&] {
              std::vector<void*> blocks(round_blocks);
              while (state.KeepRunningBatch(round_blocks)) {
                KeSetSystemAffinityThread(1);
                for (void*& block : blocks) block = ours().allocate(64);
                KeSetSystemAffinityThread(2);
                for (void* const block : blocks) ours().release(block);
              }
              KeRevertToUserAffinityThread();
            },
            {.processors = 2});
}
BENCHMARK(elsewhere_ours)->Name("pool/freed-elsewhere/ours");

// Two processors' lists that exchange chains of 16 through a locked depot.
void elsewhere_floor(benchmark::State& state) {
  floor::ExchangingPool pool;
  std::vector<void*> blocks(round_blocks);
  while (state.KeepRunningBatch(round_blocks)) {
    for (void*& block : blocks) block = pool.allocate(0, 64, pool_tag);
    for (void* const block : blocks) pool.release(1, block, pool_tag);
  }
}
BENCHMARK(elsewhere_floor)->Name("pool/freed-elsewhere/floor");

void add(std::string const& role, Allocator const& allocator, bool kernel) {
  auto const run = [kernel](auto* body, Allocator const& with) {
    return [=](benchmark::State& state) {
      if (kernel)
        in_system(state, [&] { body(state, with); });
      else
        body(state, with);
    };
  };
  benchmark::RegisterBenchmark(("pool/64-bytes/" + role).c_str(), run(in_order, allocator));
  benchmark::RegisterBenchmark(("pool/random/" + role).c_str(), run(random_sizes, allocator));
  if (role.starts_with("peer:"))
    benchmark::RegisterBenchmark(("pool/freed-elsewhere/" + role).c_str(),
                                 run(elsewhere, allocator))
        ->MeasureProcessCPUTime();
}

bool const added = [] {
  add("ours", ours(), true);
  add("floor", tagged_floor(), false);
  for (auto const& [name, allocator] : peers()) add("peer:" + name, allocator, false);
  return true;
}();

}  // namespace
}  // namespace mica::bench
