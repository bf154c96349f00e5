// Lists without a lock: an entry taken from a sequenced list and given back; a block of 64 bytes
// from a lookaside list and back to it.
#include <nt/ntddk.h>

#include <boost/lockfree/stack.hpp>
#include <mutex>
#include <string>

#include "allocators.hpp"
#include "bench.hpp"
#include "floor/stack.hpp"

namespace mica::bench {
namespace {

constexpr unsigned entries = 4;

void sequenced(benchmark::State& state) {
  in_system(state, [&] {
    SLIST_HEADER list;
    SLIST_ENTRY all[entries];
    InitializeSListHead(&list);
    for (SLIST_ENTRY& entry : all) InterlockedPushEntrySList(&list, &entry);
    for (auto _ : state) InterlockedPushEntrySList(&list, InterlockedPopEntrySList(&list));
  });
}
BENCHMARK(sequenced)->Name("slist/ours");

void sequenced_floor(benchmark::State& state) {
  floor::Stack16 stack;
  floor::Link all[entries];
  for (floor::Link& link : all) stack.push(&link);
  for (auto _ : state) stack.push(stack.pop());
}
BENCHMARK(sequenced_floor)->Name("slist/floor");

void boost_lockfree(benchmark::State& state) {
  boost::lockfree::stack<void*, boost::lockfree::capacity<entries>> stack;
  for (unsigned i = 0; i < entries; ++i) stack.push(nullptr);
  for (auto _ : state) {
    void* entry = nullptr;
    stack.pop(entry);
    stack.push(entry);
  }
}
BENCHMARK(boost_lockfree)->Name("slist/peer:boost lockfree stack");

void with_mutex(benchmark::State& state) {
  std::mutex mutex;
  floor::Link all[entries];
  floor::Link* first = nullptr;
  for (floor::Link& link : all) {
    link.next = first;
    first = &link;
  }
  for (auto _ : state) {
    floor::Link* link;
    {
      std::lock_guard const guard{mutex};
      link = first;
      first = link->next;
    }
    std::lock_guard const guard{mutex};
    link->next = first;
    first = link;
  }
}
BENCHMARK(with_mutex)->Name("slist/peer:std::mutex");

void lookaside(benchmark::State& state) {
  in_system(state, [&] {
    NPAGED_LOOKASIDE_LIST list;
    ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 64, pool_tag, 0);
    for (auto _ : state) {
      void* const memory = ExAllocateFromNPagedLookasideList(&list);
      *static_cast<char volatile*>(memory) = 1;
      ExFreeToNPagedLookasideList(&list, memory);
    }
    ExDeleteNPagedLookasideList(&list);
  });
}
BENCHMARK(lookaside)->Name("lookaside/ours");

// A sequenced list, its depth looked at, and the counts.
void lookaside_floor(benchmark::State& state) {
  floor::Stack16 stack;
  floor::Link block[4];
  stack.push(block);
  std::uint32_t volatile allocations = 0, frees = 0;
  for (auto _ : state) {
    allocations = allocations + 1;
    floor::Link* const memory = stack.pop();
    reinterpret_cast<char volatile*>(memory)[8] = 1;
    frees = frees + 1;
    stack.push(memory);
  }
}
BENCHMARK(lookaside_floor)->Name("lookaside/floor");

bool const added = [] {
  for (auto const& peer : peers()) {
    Allocator const allocator = peer.second;
    benchmark::RegisterBenchmark(("lookaside/peer:" + peer.first).c_str(),
                                 [allocator](benchmark::State& state) {
                                   for (auto _ : state) {
                                     void* const memory = allocator.allocate(64);
                                     *static_cast<char volatile*>(memory) = 1;
                                     allocator.release(memory);
                                   }
                                 });
  }
  return true;
}();

}  // namespace
}  // namespace mica::bench
