// How cost grows with waiters on one object, with threads, and with processors. Timers are
// timer.cpp's.
//   A thread that PsCreateSystemThread makes takes 136 KiB of a System's 768 MiB of addresses, so
//   there are 5000 of them at most. Those that are counted here are ke's, on small stacks that the
//   benchmark has. Ten thousand waiters are 64 wait blocks of each of 157 threads.
#include <nt/ntddk.h>
#include <mica/test.hpp>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "ke/processor.hpp"
#include "ps/thread.hpp"

namespace mica::bench {
namespace {

constexpr std::size_t memory_bytes = std::size_t{512} << 20;
constexpr KPRIORITY low = 16, high = 20;  // real time: nothing but waits changes the order

void wait(void* object) noexcept {
  static_cast<void>(KeWaitForSingleObject(object, Executive, KernelMode, FALSE, nullptr));
}

// So many threads that call body(), on a System of one processor. Gone when all have returned.
class Crowd {
 public:
  template <class Body>
  Crowd(std::int64_t count, Body& body)
      : members_{new Member[static_cast<std::size_t>(count)]()}, count_{count} {
    ke::Process* const process = KeGetCurrentThread()->process;
    ended_ = 0;
    end_ = std::exchange(ke::state().thread_ended, count_ended);
    for (Member& member : std::span{members_.get(), static_cast<std::size_t>(count)}) {
      hal::Stack const stack{member.stack, sizeof member.stack};
      KTHREAD& thread = member.thread.kernel;
      list_initialize(member.thread.requests);
      if (!ke::initialize_thread(thread, {stack, call<Body>, &body, process, high})) std::abort();
      ke::start_thread(thread);
    }
  }
  ~Crowd() {
    for (std::int64_t i = 0; i < count_; ++i)
      wait(&members_[static_cast<std::size_t>(i)].thread.kernel);
    if (ended_ != count_) std::abort();
    ke::state().thread_ended = end_;
  }
  Crowd(Crowd const&) = delete;
  Crowd& operator=(Crowd const&) = delete;

 private:
  struct Member {
    _ETHREAD thread;
    alignas(16) std::byte stack[std::size_t{16} << 10];
  };
  template <class Body>
  static void NTAPI call(PVOID body) {
    (*static_cast<Body*>(body))();
  }
  static void NTAPI count_ended(ke::Thread&) noexcept { ++ended_; }

  static inline std::int64_t ended_ = 0;
  std::unique_ptr<Member[]> members_;
  std::int64_t count_;
  void(NTAPI* end_)(ke::Thread&) = nullptr;
};

// The first waiter is woken, runs and is the last of those who wait.
void waiting_threads(benchmark::State& state) {
  auto const waiters = state.range(0);
  in_system(state, [&] {
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    bool over = false;
    auto body = [&] {
      while (!over) wait(&event);
    };
    static_cast<void>(KeSetPriorityThread(KeGetCurrentThread(), low));  // each waits at once
    Crowd const crowd{waiters, body};
    for (auto _ : state) KeSetEvent(&event, 0, FALSE);
    over = true;
    for (std::int64_t i = 0; i < waiters; ++i) KeSetEvent(&event, 0, FALSE);
  });
}
BENCHMARK(waiting_threads)
    ->Name("grows/threads-that-wait/ours")
    ->RangeMultiplier(10)
    ->Range(1, 100'000);

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
  in_system(state, [&] {
    static_cast<void>(KeSetPriorityThread(KeGetCurrentThread(), high));
    bool over = false;
    auto yield = [&] {
      while (!over) static_cast<void>(ZwYieldExecution());
    };
    Crowd const others{threads - 1, yield};
    while (state.KeepRunningBatch(threads)) static_cast<void>(ZwYieldExecution());
    over = true;
  });
}
BENCHMARK(ready_threads)
    ->Name("grows/threads-that-yield/ours")
    ->RangeMultiplier(10)
    ->Range(1, 100'000);

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
