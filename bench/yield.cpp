// A yield through the ready queue, among two threads and among 64.
//   The floor is the raw switch that the budget speaks of; peer:queue is the same switch behind a
//   locked queue without priorities.
#include <nt/ntddk.h>
#include <mica/test.hpp>

#include <boost/fiber/all.hpp>
#include <memory>
#include <vector>

#include "bench.hpp"
#include "floor/scheduler.hpp"

namespace mica::bench {
namespace {

constexpr KPRIORITY priority = 20;  // real time: nothing but yields changes the order

void ours(benchmark::State& state) {
  in_system(state, [&] {
    auto const threads = state.range(0);
    static_cast<void>(KeSetPriorityThread(KeGetCurrentThread(), priority));
    bool over = false;
    KEVENT begun;
    KeInitializeEvent(&begun, NotificationEvent, FALSE);
    auto yield = [&] {
      static_cast<void>(KeWaitForSingleObject(&begun, Executive, KernelMode, FALSE, nullptr));
      while (!over) static_cast<void>(ZwYieldExecution());
    };
    std::vector<test::Thread*> others;
    for (std::int64_t i = 1; i < threads; ++i)
      others.push_back(test::start(yield, {.processor = 0, .priority = priority}));
    for (test::Thread* const thread : others) test::until_waiting(thread);
    KeSetEvent(&begun, 0, FALSE);
    while (state.KeepRunningBatch(threads)) static_cast<void>(ZwYieldExecution());
    over = true;
    for (test::Thread* const thread : others) test::join(thread);
  });
}
BENCHMARK(ours)->Name("yield/ours")->Arg(2)->Arg(64);

struct Ring {
  void* pointer;
  Ring* next;
};
struct FloorRing {
  static inline Ring* current;
  static void pass() noexcept {
    Ring& left = *current;
    current = left.next;
    floor::switch_stack(&left.pointer, current->pointer);
  }
  static void forever() {
    for (;;) pass();
  }
};

void raw(benchmark::State& state) {
  auto const threads = static_cast<std::size_t>(state.range(0));
  std::vector<Ring> ring(threads);
  std::vector<floor::Stack> stacks;
  for (std::size_t i = 0; i < threads; ++i) {
    ring[i].next = &ring[(i + 1) % threads];
    if (i > 0) ring[i].pointer = stacks.emplace_back(FloorRing::forever).pointer;
  }
  FloorRing::current = &ring[0];
  while (state.KeepRunningBatch(state.range(0))) FloorRing::pass();
}
BENCHMARK(raw)->Name("yield/floor")->Arg(2)->Arg(64);

struct FloorQueue {
  static inline floor::Scheduler* scheduler;
  static void forever() {
    for (;;) scheduler->yield();
  }
};

void queue(benchmark::State& state) {
  floor::Scheduler scheduler;
  FloorQueue::scheduler = &scheduler;
  floor::Team const team{scheduler, static_cast<unsigned>(state.range(0)), FloorQueue::forever};
  while (state.KeepRunningBatch(state.range(0))) scheduler.yield();
}
BENCHMARK(queue)->Name("yield/peer:queue")->Arg(2)->Arg(64);

void boost_fibers(benchmark::State& state) {
  bool over = false;
  std::vector<boost::fibers::fiber> others;
  for (std::int64_t i = 1; i < state.range(0); ++i)
    others.emplace_back([&over] {
      while (!over) boost::this_fiber::yield();
    });
  while (state.KeepRunningBatch(state.range(0))) boost::this_fiber::yield();
  over = true;
  for (boost::fibers::fiber& fiber : others) fiber.join();
}
BENCHMARK(boost_fibers)->Name("yield/peer:boost fibers")->Arg(2)->Arg(64);

}  // namespace
}  // namespace mica::bench
