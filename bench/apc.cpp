// An APC from its insertion until its routine has run: to the thread itself, and to one that waits,
// which wakes, runs it and waits again. One processor.
#include <nt/ntddk.h>
#include <signal.h>
#include <mica/test.hpp>

#include <atomic>

#include "bench.hpp"
#include "floor/scheduler.hpp"

namespace mica::bench {
namespace {

void NTAPI count(PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID* runs, PVOID*) {
  ++*static_cast<std::uint64_t*>(*runs);
}

void require_all(benchmark::State& state, std::uint64_t runs) {
  if (runs != static_cast<std::uint64_t>(state.iterations()))
    state.SkipWithError("an APC was not delivered");
}

void to_itself(benchmark::State& state) {
  in_system(state, [&] {
    std::uint64_t runs = 0;
    KAPC apc;
    KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, count, nullptr, nullptr,
                    KernelMode, nullptr);
    for (auto _ : state) KeInsertQueueApc(&apc, &runs, nullptr, 0);
    require_all(state, runs);
  });
}
BENCHMARK(to_itself)->Name("apc/itself/ours");

// The other thread's priority is higher, so that it has run when the insertion returns.
void to_waiting(benchmark::State& state) {
  in_system(state, [&] {
    std::uint64_t runs = 0;
    KEVENT over;
    KeInitializeEvent(&over, NotificationEvent, FALSE);
    auto wait = [&] {
      static_cast<void>(KeWaitForSingleObject(&over, Executive, KernelMode, FALSE, nullptr));
    };
    test::Thread* const other = test::start(wait, {.priority = 20});
    test::until_waiting(other);
    KAPC apc;
    KeInitializeApc(&apc, test::object_of(other), OriginalApcEnvironment, count, nullptr, nullptr,
                    KernelMode, nullptr);
    for (auto _ : state) KeInsertQueueApc(&apc, &runs, nullptr, 0);
    require_all(state, runs);
    KeSetEvent(&over, 0, FALSE);
    test::join(other);
  });
}
BENCHMARK(to_waiting)->Name("apc/waiting/ours");

// A locked list of one thread, a flag that says whether an entry stands in it, a call.
class Queue {
 public:
  struct Entry {
    Entry* next = nullptr;
    bool inserted = false;
    void (*routine)(Entry&) = nullptr;
    std::uint64_t* context = nullptr;
  };

  [[gnu::noinline]] void insert(Entry& entry) noexcept {
    lock_.lock();
    if (!entry.inserted) {
      entry.inserted = true;
      entry.next = first_;
      first_ = &entry;
    }
    lock_.unlock();
  }
  [[gnu::noinline]] void run() noexcept {
    for (;;) {
      lock_.lock();
      Entry* const entry = first_;
      if (entry != nullptr) {
        first_ = entry->next;
        entry->inserted = false;
      }
      lock_.unlock();
      if (entry == nullptr) return;
      entry->routine(*entry);
    }
  }

 private:
  floor::Lock lock_;
  Entry* first_ = nullptr;
};

void count_entry(Queue::Entry& entry) {
  ++*entry.context;
}

void lowest_itself(benchmark::State& state) {
  std::uint64_t runs = 0;
  Queue queue;
  Queue::Entry entry;
  entry.routine = count_entry;
  entry.context = &runs;
  for (auto _ : state) {
    queue.insert(entry);
    queue.run();
  }
}
BENCHMARK(lowest_itself)->Name("apc/itself/floor");

// A signal there, and a switch back.
struct Floor {
  static inline floor::Scheduler* scheduler;
  static inline floor::Event* event;
  static inline Queue* queue;
  static void wait() {
    for (scheduler->park_left();;) {
      event->wait(*scheduler);
      queue->run();
    }
  }
};

void lowest_waiting(benchmark::State& state) {
  floor::Scheduler scheduler;
  floor::Event event;
  Queue queue;
  Floor::scheduler = &scheduler;
  Floor::event = &event;
  Floor::queue = &queue;
  floor::Team const team{scheduler, 2, Floor::wait};
  std::uint64_t runs = 0;
  Queue::Entry entry;
  entry.routine = count_entry;
  entry.context = &runs;
  for (auto _ : state) {
    queue.insert(entry);
    event.set(scheduler);
    scheduler.current->run.store(floor::Run::switching, std::memory_order_relaxed);
    scheduler.yield();
    scheduler.park_left();
  }
}
BENCHMARK(lowest_waiting)->Name("apc/waiting/floor");

// What a process has that is nearest: a signal to the thread that raises it.
void raised_signal(benchmark::State& state) {
  static volatile sig_atomic_t runs;
  struct sigaction action {
  }, before;
  action.sa_handler = [](int) { runs = runs + 1; };
  sigaction(SIGUSR1, &action, &before);
  for (auto _ : state) raise(SIGUSR1);
  sigaction(SIGUSR1, &before, nullptr);
}
BENCHMARK(raised_signal)->Name("apc/itself/peer:raise");

}  // namespace
}  // namespace mica::bench
