// A DPC from its insertion at PASSIVE_LEVEL until its routine has run.
#include <nt/ntddk.h>

#include "bench.hpp"
#include "floor/lock.hpp"

namespace mica::bench {
namespace {

void NTAPI count(PKDPC, PVOID context, PVOID, PVOID) {
  ++*static_cast<std::uint64_t*>(context);
}

void ours(benchmark::State& state) {
  in_system(state, [&] {
    std::uint64_t runs = 0;
    KDPC dpc;
    KeInitializeDpc(&dpc, count, &runs);
    for (auto _ : state) KeInsertQueueDpc(&dpc, nullptr, nullptr);
    if (runs != static_cast<std::uint64_t>(state.iterations()))
      state.SkipWithError("a DPC was lost");
  });
}
BENCHMARK(ours)->Name("dpc/ours");

// A locked queue, an entry that says by a compare-exchange whether it stands in it, a call.
struct Queue {
  struct Entry {
    Entry* next = nullptr;
    std::atomic<Queue*> queue{nullptr};
    void(NTAPI* routine)(PKDPC, PVOID, PVOID, PVOID) = nullptr;
    PVOID context = nullptr;
    PVOID arguments[2] = {};
  };
  floor::Lock lock;
  Entry* first = nullptr;
  Entry** last = &first;

  [[gnu::noinline]] bool insert(Entry& entry, PVOID one, PVOID two) noexcept {
    lock.lock();
    Queue* expected = nullptr;
    bool const free = entry.queue.compare_exchange_strong(expected, this);
    if (free) {
      entry.arguments[0] = one;
      entry.arguments[1] = two;
      entry.next = nullptr;
      *last = &entry;
      last = &entry.next;
    }
    lock.unlock();
    return free;
  }

  [[gnu::noinline]] void retire() noexcept {
    for (;;) {
      lock.lock();
      if (first == nullptr) return lock.unlock();
      Entry& entry = *first;
      first = entry.next;
      if (first == nullptr) last = &first;
      Entry const call{
          nullptr, nullptr, entry.routine, entry.context, {entry.arguments[0], entry.arguments[1]}};
      entry.queue.store(nullptr, std::memory_order_release);
      lock.unlock();
      call.routine(nullptr, call.context, call.arguments[0], call.arguments[1]);
    }
  }
};

void lowest(benchmark::State& state) {
  std::uint64_t runs = 0;
  Queue queue;
  Queue::Entry entry;
  entry.routine = count;
  entry.context = &runs;
  for (auto _ : state) {
    queue.insert(entry, nullptr, nullptr);
    queue.retire();
  }
}
BENCHMARK(lowest)->Name("dpc/floor");

}  // namespace
}  // namespace mica::bench
