// A work item there and back: queued, called by a thread of its own, which wakes who queued it. One
// processor.
#include <nt/ntddk.h>

#include <boost/fiber/all.hpp>

#include "bench.hpp"
#include "floor/scheduler.hpp"

namespace mica::bench {
namespace {

void ours(benchmark::State& state) {
  in_system(state, [&] {
    KEVENT done;
    KeInitializeEvent(&done, SynchronizationEvent, FALSE);
    WORK_QUEUE_ITEM item;
    ExInitializeWorkItem(
        &item, [](PVOID event) NTAPI { KeSetEvent(static_cast<PRKEVENT>(event), 0, FALSE); },
        &done);
    for (auto _ : state) {
      ExQueueWorkItem(&item, DelayedWorkQueue);
      static_cast<void>(KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr));
    }
  });
}
BENCHMARK(ours)->Name("work-item/ours");

// The item goes through a locked word; a signal there and one back.
struct Floor {
  static inline floor::Scheduler* scheduler;
  static inline floor::Event* asked;
  static inline floor::Event* answered;
  static inline floor::Lock lock;
  static inline void (*item)();

  static void give(void (*routine)()) {
    lock.lock();
    item = routine;
    lock.unlock();
    asked->set(*scheduler);
  }
  static void work() {
    for (scheduler->park_left();;) {
      asked->wait(*scheduler);
      lock.lock();
      auto* const routine = item;
      lock.unlock();
      routine();
    }
  }
};

void lowest(benchmark::State& state) {
  floor::Scheduler scheduler;
  floor::Event asked, answered;
  Floor::scheduler = &scheduler;
  Floor::asked = &asked;
  Floor::answered = &answered;
  floor::Team const team{scheduler, 2, Floor::work};
  for (auto _ : state) {
    Floor::give([] { Floor::answered->set(*Floor::scheduler); });
    answered.wait(scheduler);
  }
}
BENCHMARK(lowest)->Name("work-item/floor");

void boost_channel(benchmark::State& state) {
  using Routine = void (*)(void*);
  using Items = boost::fibers::buffered_channel<std::pair<Routine, void*>>;
  using Answers = boost::fibers::buffered_channel<int>;
  constexpr auto success = boost::fibers::channel_op_status::success;
  Items items{2};
  Answers answers{2};
  boost::fibers::fiber worker{[&] {
    for (std::pair<Routine, void*> item; items.pop(item) == success;) item.first(item.second);
  }};
  int answer = 0;
  for (auto _ : state) {
    items.push({[](void* channel) { static_cast<Answers*>(channel)->push(1); }, &answers});
    answers.pop(answer);
  }
  items.close();
  worker.join();
}
BENCHMARK(boost_channel)->Name("work-item/peer:boost fibers channel");

}  // namespace
}  // namespace mica::bench
