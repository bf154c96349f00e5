// Threads that keep processors busy, for cases that say which thread runs where and when.
//   A processor that is held runs nothing but its holder: nobody sleeps or flushes DPCs meanwhile,
//   as test::sleep and test::until_waiting do.
#pragma once

#include "support.hpp"

#include <atomic>

namespace mica::test {

// Passes time, and runs on.
template <class Word>
void spin_until(Word const& word) noexcept {
  while (!word.load()) KeStallExecutionProcessor(10);
}

// The calling thread on processor 0, at a priority of its own, for a scope.
class [[nodiscard]] Pinned {
 public:
  explicit Pinned(KPRIORITY priority) noexcept
      : affinity_{KeSetSystemAffinityThreadEx(1)},
        priority_{KeSetPriorityThread(KeGetCurrentThread(), priority)} {}
  ~Pinned() {
    static_cast<void>(KeSetPriorityThread(KeGetCurrentThread(), priority_));
    KeRevertToUserAffinityThreadEx(affinity_);
  }
  Pinned(Pinned const&) = delete;
  Pinned& operator=(Pinned const&) = delete;

 private:
  KAFFINITY const affinity_;
  KPRIORITY const priority_;
};

// Keeps one processor busy until the scope ends; constructed by a thread on another one.
class [[nodiscard]] Busy {
 public:
  Busy(ULONG processor, KPRIORITY priority, KIRQL level = PASSIVE_LEVEL) noexcept : level_{level} {
    thread_ = start(body_, {.processor = static_cast<int>(processor), .priority = priority});
    spin_until(there_);
  }
  ~Busy() {
    let_go();
    over_ = true;
    join(thread_);
  }
  Busy(Busy const&) = delete;
  Busy& operator=(Busy const&) = delete;

  // From a raised level down to PASSIVE_LEVEL, where it goes on.
  void let_go() noexcept { free_ = true; }
  [[nodiscard]] PKTHREAD object() const noexcept { return object_of(thread_); }

 private:
  struct Body {
    Busy* self;
    void operator()() const noexcept {
      KIRQL const old = KfRaiseIrql(self->level_);
      self->there_ = true;
      if (old != self->level_) spin_until(self->free_);
      KeLowerIrql(old);
      spin_until(self->over_);
    }
  };

  KIRQL const level_;
  Body body_{this};
  std::atomic<bool> there_{false}, free_{false}, over_{false};
  Thread* thread_;
};

// A thread that waits until it is let run, and tells when and where it did.
class [[nodiscard]] Racer {
 public:
  // `order`: how many have run, counted by all racers of a case. `last`: where it waits, though it
  // may run anywhere; -1: wherever it began to.
  Racer(std::atomic<int>& order, ThreadOptions options, int last = -1) noexcept
      : order_{order}, last_{last} {
    KeInitializeEvent(&go_, SynchronizationEvent, FALSE);
    thread_ = start(body_, options);
    until_waiting(thread_);
  }
  ~Racer() { join(thread_); }
  Racer(Racer const&) = delete;
  Racer& operator=(Racer const&) = delete;

  void ready() noexcept { static_cast<void>(KeSetEvent(&go_, 0, FALSE)); }
  [[nodiscard]] PKTHREAD object() const noexcept { return object_of(thread_); }
  [[nodiscard]] int place() const noexcept { return place_; }  // 1: it ran first; 0: not yet
  [[nodiscard]] ULONG processor() const noexcept { return processor_; }

 private:
  struct Body {
    Racer* self;
    void operator()() const noexcept {
      if (self->last_ >= 0) {
        KeSetSystemAffinityThread(KAFFINITY{1} << self->last_);
        KeRevertToUserAffinityThread();
      }
      wait(&self->go_);
      self->processor_ = KeGetCurrentProcessorNumberEx(nullptr);
      self->place_ = ++self->order_;
    }
  };

  std::atomic<int>& order_;
  int const last_;
  Body body_{this};
  KEVENT go_;
  Thread* thread_;
  std::atomic<int> place_{0};
  std::atomic<ULONG> processor_{~0u};
};

}  // namespace mica::test
