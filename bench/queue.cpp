// An entry through a KQUEUE to another thread, one way, on one processor. Two threads answer each
// other, each by a queue of its own.
#include <nt/ntddk.h>
#include <mica/test.hpp>

#include <boost/fiber/all.hpp>

#include "bench.hpp"
#include "floor/scheduler.hpp"

namespace mica::bench {
namespace {

PLIST_ENTRY take(KQUEUE& queue) noexcept {
  return KeRemoveQueue(&queue, KernelMode, nullptr);
}

void ours(benchmark::State& state) {
  in_system(state, [&] {
    KQUEUE asked, answered;
    KeInitializeQueue(&asked, 1);
    KeInitializeQueue(&answered, 1);
    LIST_ENTRY entry, last;
    auto answer = [&] {
      for (PLIST_ENTRY one = take(asked); one != &last; one = take(asked))
        KeInsertQueue(&answered, one);
    };
    test::Thread* const other = test::start(answer);
    test::until_waiting(other);
    while (state.KeepRunningBatch(2)) {
      KeInsertQueue(&asked, &entry);
      if (take(answered) != &entry) state.SkipWithError("another entry came back");
    }
    KeInsertQueue(&asked, &last);
    test::join(other);
    KeRundownQueue(&asked);
    KeRundownQueue(&answered);
  });
}
BENCHMARK(ours)->Name("queue/ours");

// An event, and a locked list that it speaks of.
class Channel {
 public:
  [[gnu::noinline]] void put(floor::Scheduler& scheduler, LIST_ENTRY& entry) noexcept {
    lock_.lock();
    entry.Flink = first_;
    first_ = &entry;
    lock_.unlock();
    event_.set(scheduler);
  }
  [[gnu::noinline]] LIST_ENTRY* take(floor::Scheduler& scheduler) noexcept {
    event_.wait(scheduler);
    lock_.lock();
    LIST_ENTRY* const entry = first_;
    first_ = entry->Flink;
    lock_.unlock();
    return entry;
  }

 private:
  floor::Lock lock_;
  LIST_ENTRY* first_ = nullptr;
  floor::Event event_;
};

struct Floor {
  static inline floor::Scheduler* scheduler;
  static inline Channel* asked;
  static inline Channel* answered;
  static void answer() {
    for (scheduler->park_left();;) answered->put(*scheduler, *asked->take(*scheduler));
  }
};

void lowest(benchmark::State& state) {
  floor::Scheduler scheduler;
  Channel asked, answered;
  Floor::scheduler = &scheduler;
  Floor::asked = &asked;
  Floor::answered = &answered;
  floor::Team const team{scheduler, 2, Floor::answer};
  LIST_ENTRY entry;
  while (state.KeepRunningBatch(2)) {
    asked.put(scheduler, entry);
    benchmark::DoNotOptimize(answered.take(scheduler));
  }
}
BENCHMARK(lowest)->Name("queue/floor");

void boost_channel(benchmark::State& state) {
  using Entries = boost::fibers::buffered_channel<LIST_ENTRY*>;
  constexpr auto success = boost::fibers::channel_op_status::success;
  Entries asked{2}, answered{2};
  boost::fibers::fiber other{[&] {
    for (LIST_ENTRY* entry = nullptr; asked.pop(entry) == success;) answered.push(entry);
  }};
  LIST_ENTRY entry;
  LIST_ENTRY* back = nullptr;
  while (state.KeepRunningBatch(2)) {
    asked.push(&entry);
    answered.pop(back);
  }
  asked.close();
  other.join();
}
BENCHMARK(boost_channel)->Name("queue/peer:boost fibers channel");

}  // namespace
}  // namespace mica::bench
