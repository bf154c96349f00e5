// How cost grows with waiters on one object, with threads, and with processors. Timers are
// timer.cpp's.
//   A thread of the host machine takes 136 KiB of a System's 768 MiB of addresses, so there are
//   5000 of them at most; ten thousand waiters are 64 wait blocks of each of 157 threads.
#include <nt/ntddk.h>
#include <mica/test.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <vector>

#include "bench.hpp"

namespace mica::bench {
namespace {

constexpr std::size_t memory_bytes = std::size_t{512} << 20;
constexpr KPRIORITY low = 16, high = 20;  // real time: nothing but waits changes the order

void wait(void* object) noexcept {
  static_cast<void>(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, nullptr));
}

// The first waiter is woken, runs and is the last of those who wait.
void waiting_threads(benchmark::State& state) {
  auto const waiters = state.range(0);
  in_system(state,
            [&] {
              KEVENT event;
              KeInitializeEvent(&event, SynchronizationEvent, FALSE);
              static_cast<void>(KeSetPriorityThread(KeGetCurrentThread(), low));
              bool over = false;
              auto body = [&] {
                while (!over) wait(&event);
              };
              std::vector<test::Thread*> threads;
              for (std::int64_t i = 0; i < waiters; ++i)
                threads.push_back(test::start(body, {.priority = high}));
              test::until_waiting(threads.back());
              for (auto _ : state) KeSetEvent(&event, 0, FALSE);
              over = true;
              for (std::size_t i = 0; i < threads.size(); ++i) KeSetEvent(&event, 0, FALSE);
              for (test::Thread* const thread : threads) test::join(thread);
            },
            {.memory_bytes = memory_bytes});
}
BENCHMARK(waiting_threads)
    ->Name("grows/threads-that-wait/ours")
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(4000);

// A thread that comes and goes where so many wait blocks are on the object already.
void wait_blocks(benchmark::State& state) {
  auto const waiters = state.range(0);
  constexpr std::int64_t most = MAXIMUM_WAIT_OBJECTS;
  in_system(
      state,
      [&] {
        KEVENT event, over;
        KeInitializeEvent(&event, SynchronizationEvent, FALSE);
        KeInitializeEvent(&over, NotificationEvent, FALSE);
        static_cast<void>(KeSetPriorityThread(KeGetCurrentThread(), low));
        // The last object of each thread ends it.
        auto hold = [&](std::int64_t blocks) {
          auto const own = std::make_unique<KWAIT_BLOCK[]>(most);
          std::vector<PVOID> objects(static_cast<std::size_t>(blocks), &event);
          objects.back() = &over;
          static_cast<void>(KeWaitForMultipleObjects(static_cast<ULONG>(blocks), objects.data(),
                                                     WaitAny, Executive, KernelMode, FALSE, nullptr,
                                                     own.get()));
        };
        auto full = [&] { hold(most); };
        auto rest = [&] { hold(waiters % (most - 1) + 1); };
        std::vector<test::Thread*> threads;
        for (std::int64_t i = 0; i < waiters / (most - 1); ++i)
          threads.push_back(test::start(full, {.priority = high}));
        threads.push_back(test::start(rest, {.priority = high}));
        test::until_waiting(threads.back());
        LARGE_INTEGER now;
        now.QuadPart = -1;
        for (auto _ : state) {
          static_cast<void>(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &now));
        }
        KeSetEvent(&over, 0, FALSE);
        for (test::Thread* const thread : threads) test::join(thread);
      },
      {.memory_bytes = memory_bytes});
}
BENCHMARK(wait_blocks)
    ->Name("grows/waiters-on-one-object/ours")
    ->RangeMultiplier(10)
    ->Range(1, 10'000);

// Everybody is ready, and yields to the next.
void ready_threads(benchmark::State& state) {
  auto const threads = state.range(0);
  in_system(state,
            [&] {
              static_cast<void>(KeSetPriorityThread(KeGetCurrentThread(), high));
              bool over = false;
              KEVENT begun;
              KeInitializeEvent(&begun, NotificationEvent, FALSE);
              auto yield = [&] {
                wait(&begun);
                while (!over) static_cast<void>(ZwYieldExecution());
              };
              std::vector<test::Thread*> others;
              for (std::int64_t i = 1; i < threads; ++i)
                others.push_back(test::start(yield, {.priority = high}));
              if (!others.empty()) test::until_waiting(others.back());
              KeSetEvent(&begun, 0, FALSE);
              while (state.KeepRunningBatch(threads)) static_cast<void>(ZwYieldExecution());
              over = true;
              for (test::Thread* const thread : others) test::join(thread);
            },
            {.memory_bytes = memory_bytes});
}
BENCHMARK(ready_threads)
    ->Name("grows/threads-that-yield/ours")
    ->Arg(1)
    ->Arg(10)
    ->Arg(100)
    ->Arg(1000)
    ->Arg(4000);

constexpr std::int64_t batch = 20'000;

// On each processor a thread sets an event of its own and waits for it: nothing is shared but the
// executive. Returns when all have done so `batch` times.
void work_everywhere(unsigned processors) {
  auto body = [] {
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    for (std::int64_t i = 0; i < batch; ++i) {
      KeSetEvent(&event, 0, FALSE);
      wait(&event);
    }
  };
  std::vector<test::Thread*> threads;
  for (unsigned i = 0; i < processors; ++i)
    threads.push_back(test::start(body, {.processor = static_cast<int>(i)}));
  for (test::Thread* const thread : threads) test::join(thread);
}

// Wall time, because it is the host's processors that are shared.
void parallel(benchmark::State& state) {
  auto const processors = static_cast<unsigned>(state.range(0));
  System system{{.processors = processors, .mode = Mode::parallel}};
  for (auto _ : state) {
    Outcome const end = system.try_run([&] { work_everywhere(processors); });
    if (!end.completed()) state.SkipWithError(end.report().c_str());
  }
  state.SetItemsProcessed(state.iterations() * batch * processors);
}
BENCHMARK(parallel)
    ->Name("grows/processors-in-parallel/ours")
    ->RangeMultiplier(2)
    ->Range(1, 16)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

// Points, because each is a choice of who steps.
void deterministic(benchmark::State& state) {
  auto const processors = static_cast<unsigned>(state.range(0));
  System system{{.processors = processors, .step_limit = std::uint64_t{1} << 62}};
  std::uint64_t points = 0;
  for (auto _ : state) {
    std::uint64_t const before = system.steps();
    Outcome const end = system.try_run([&] { work_everywhere(processors); });
    if (!end.completed()) state.SkipWithError(end.report().c_str());
    points += system.steps() - before;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(points));
}
BENCHMARK(deterministic)
    ->Name("grows/processors-in-turn/ours")
    ->RangeMultiplier(2)
    ->Range(1, 16)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mica::bench
