// The floor of yields and signals: threads on one processor, each locked operation that a
// multiprocessor needs, no priorities, time limits, alerts, wait-all or second processor.
//   Locked operations of set(): the event's lock, the claim of the wait, the hand-off of the
//   thread, the ready queue's lock, the queue's summary that other processors read (sequentially
//   consistent). Of wait(): the event's lock, the wait's commit, the ready queue's lock, what the
//   processor runs (sequentially consistent), the hand-off after the switch. Ten for a signal one
//   way.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "floor/lock.hpp"
#include "floor/switch.hpp"

namespace mica::bench::floor {

enum class Wait : std::uint32_t { idle, committing, waiting, claimed };
enum class Run : std::uint8_t { running, switching, parked, woken };

struct Thread {
  void* pointer = nullptr;
  Thread* next = nullptr;
  std::atomic<Wait> wait{Wait::idle};
  std::atomic<Run> run{Run::running};
};

// A processor's queue and what it runs. One instance is the whole machine.
struct Scheduler {
  Lock lock;
  Thread* first = nullptr;
  Thread** last = &first;
  std::atomic<std::uint32_t> summary{0};
  std::atomic<int> effective{0};
  Thread* current = nullptr;
  Thread* left = nullptr;

  void push(Thread& thread) noexcept {  // the lock is held
    thread.next = nullptr;
    *last = &thread;
    last = &thread.next;
  }
  Thread& pop() noexcept {  // the lock is held, the queue is not empty
    Thread& thread = *first;
    first = thread.next;
    if (first == nullptr) last = &first;
    return thread;
  }
  void ready(Thread& thread) noexcept {
    lock.lock();
    push(thread);
    summary.store(1);
    lock.unlock();
  }
  void switch_to(Thread& next) noexcept {
    left = current;
    current = &next;
    if (&next != left) switch_stack(&left->pointer, next.pointer);
  }
  // Its context is saved now: whoever woke it meanwhile left the queueing to us.
  void park_left() noexcept {
    Run expected = Run::switching;
    if (!left->run.compare_exchange_strong(expected, Run::parked)) ready(*left);
  }

  [[gnu::noinline]] void yield() noexcept {
    lock.lock();
    push(*current);
    Thread& next = pop();
    lock.unlock();
    switch_to(next);
  }
  [[gnu::noinline]] void block() noexcept {
    lock.lock();
    Thread& next = pop();
    effective.store(1);
    lock.unlock();
    switch_to(next);
    park_left();
  }
};

struct Event {
  Lock lock;
  int signalled = 0;
  Thread* waiter = nullptr;

  [[gnu::noinline]] void set(Scheduler& scheduler) noexcept {
    lock.lock();
    Thread* const woken = waiter;
    Wait expected = Wait::waiting;
    if (woken != nullptr && woken->wait.compare_exchange_strong(expected, Wait::claimed))
      waiter = nullptr;
    else
      signalled = 1;
    lock.unlock();
    if (woken != nullptr && woken->run.exchange(Run::woken) == Run::parked) scheduler.ready(*woken);
  }

  [[gnu::noinline]] void wait(Scheduler& scheduler) noexcept {
    Thread& self = *scheduler.current;
    lock.lock();
    if (signalled != 0) {
      signalled = 0;
      lock.unlock();
      return;
    }
    self.wait.store(Wait::committing, std::memory_order_relaxed);
    waiter = &self;
    lock.unlock();
    self.run.store(Run::switching, std::memory_order_relaxed);
    Wait expected = Wait::committing;
    if (self.wait.compare_exchange_strong(expected, Wait::waiting)) scheduler.block();
    self.wait.store(Wait::idle, std::memory_order_relaxed);
  }
};

// Makes `scheduler` one whose first thread is the caller and whose others run `entry`.
class Team {
 public:
  Team(Scheduler& scheduler, unsigned threads, void (*entry)()) : threads_(threads) {
    scheduler.current = &threads_[0];
    for (unsigned i = 1; i < threads; ++i) {
      stacks_.emplace_back(entry);
      threads_[i].pointer = stacks_.back().pointer;
      scheduler.ready(threads_[i]);
    }
  }

 private:
  std::vector<Thread> threads_;
  std::vector<Stack> stacks_;
};

}  // namespace mica::bench::floor
