// A signal one way: set, wake, switch, on one processor. Two threads answer each other.
#include <linux/futex.h>
#include <nt/ntddk.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <mica/test.hpp>

#include <atomic>
#include <boost/fiber/all.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "bench.hpp"
#include "floor/scheduler.hpp"

namespace mica::bench {
namespace {

void wait(KEVENT& event) noexcept {
  static_cast<void>(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr));
}

void ours(benchmark::State& state) {
  in_system(state, [&] {
    KEVENT asked, answered;
    KeInitializeEvent(&asked, SynchronizationEvent, FALSE);
    KeInitializeEvent(&answered, SynchronizationEvent, FALSE);
    std::atomic<bool> over{false};
    auto answer = [&] {
      for (wait(asked); !over; wait(asked)) KeSetEvent(&answered, 0, FALSE);
    };
    test::Thread* const other = test::start(answer);
    test::until_waiting(other);
    while (state.KeepRunningBatch(2)) {
      KeSetEvent(&asked, 0, FALSE);
      wait(answered);
    }
    over = true;
    KeSetEvent(&asked, 0, FALSE);
    test::join(other);
  });
}
BENCHMARK(ours)->Name("signal/ours");

struct Floor {
  static inline floor::Scheduler* scheduler;
  static inline floor::Event* asked;
  static inline floor::Event* answered;
  static void answer() {
    for (scheduler->park_left();;) {
      asked->wait(*scheduler);
      answered->set(*scheduler);
    }
  }
};

void lowest(benchmark::State& state) {
  floor::Scheduler scheduler;
  floor::Event asked, answered;
  Floor::scheduler = &scheduler;
  Floor::asked = &asked;
  Floor::answered = &answered;
  floor::Team const team{scheduler, 2, Floor::answer};
  while (state.KeepRunningBatch(2)) {
    asked.set(scheduler);
    answered.wait(scheduler);
  }
}
BENCHMARK(lowest)->Name("signal/floor");

void boost_channel(benchmark::State& state) {
  using Channel = boost::fibers::buffered_channel<int>;
  constexpr auto success = boost::fibers::channel_op_status::success;
  Channel asked{2}, answered{2};
  boost::fibers::fiber other{[&] {
    for (int value = 0; asked.pop(value) == success;) answered.push(value);
  }};
  int value = 0;
  while (state.KeepRunningBatch(2)) {
    asked.push(1);
    answered.pop(value);
  }
  asked.close();
  other.join();
}
BENCHMARK(boost_channel)->Name("signal/peer:boost fibers channel");

// Two threads of the host on one of its processors; the CPU time is both's.
void on_one_processor() noexcept {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
}

// Turns: 1 is the other thread's, 0 ours, 2 the end. pass(turn) hands over, await_not(turn) waits.
template <class Baton>
void hand_over(benchmark::State& state) {
  cpu_set_t before;
  sched_getaffinity(0, sizeof before, &before);
  on_one_processor();
  Baton baton;
  std::thread other{[&] {
    while (baton.await_not(0) != 2) baton.pass(0);
  }};
  while (state.KeepRunningBatch(2)) {
    baton.pass(1);
    baton.await_not(1);
  }
  baton.pass(2);
  other.join();
  sched_setaffinity(0, sizeof before, &before);
}

class Condition {
 public:
  void pass(int turn) {
    std::lock_guard const guard{mutex_};
    turn_ = turn;
    changed_.notify_one();
  }
  int await_not(int turn) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return turn_ != turn; });
    return turn_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int turn_ = 0;
};
BENCHMARK(hand_over<Condition>)->Name("signal/peer:condition variable")->MeasureProcessCPUTime();

class Futex {
 public:
  void pass(int turn) noexcept {
    turn_ = turn;
    syscall(SYS_futex, &turn_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
  int await_not(int turn) noexcept {
    int seen = turn_;
    for (; seen == turn; seen = turn_)
      syscall(SYS_futex, &turn_, FUTEX_WAIT_PRIVATE, turn, nullptr, nullptr, 0);
    return seen;
  }

 private:
  std::atomic<int> turn_{0};
};
BENCHMARK(hand_over<Futex>)->Name("signal/peer:futex")->MeasureProcessCPUTime();

}  // namespace
}  // namespace mica::bench
