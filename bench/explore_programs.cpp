#include "explore_programs.hpp"

#include <nt/ntddk.h>
#include <machine.hpp>
#include <mica/test.hpp>

#include <atomic>

#include "explore/crew.hpp"

namespace mica::bench {

using namespace explore;

namespace {

// A processor that finds it taken sleeps until the word is another.
struct Lock {
  std::atomic<std::uint32_t> word{0};
  void lock() noexcept {
    do Machine::await(word, 1u);
    while (word.exchange(1, std::memory_order_acquire) != 0);
  }
  void unlock() noexcept { word.store(0, std::memory_order_release); }
};

void count_under_lock(Window& window, unsigned processors, unsigned rounds) {
  Lock lock;
  unsigned count = 0;
  auto program = [&](unsigned) {
    for (unsigned i = 0; i < rounds; ++i) {
      lock.lock();
      ++count;
      lock.unlock();
    }
  };
  run_together(window, {processors}, program);
  MICA_CHECK(count == processors * rounds);
}

struct Node {
  std::atomic<Node*> next{nullptr};
};

// Treiber's stack: each of two pushes a node, then one is popped, by pop(top).
template <class Pop>
void push_and_pop(Window& window, Pop pop) {
  Node nodes[2];
  std::atomic<Node*> top{nullptr};
  auto program = [&](unsigned number) {
    Node& mine = nodes[number];
    Node* seen = top.load();
    do mine.next.store(seen, std::memory_order_relaxed);
    while (!top.compare_exchange_strong(seen, &mine));
    pop(top);
  };
  run_together(window, {2}, program);
  MICA_CHECK(top == nullptr);
}

}  // namespace

void lock_three(Window& window) {
  count_under_lock(window, 3, 1);
}

void lock_four_by_four(Window& window) {
  count_under_lock(window, 4, 4);
}

void stack(Window& window) {
  push_and_pop(window, [](std::atomic<Node*>& top) {
    Node* seen = top.load();
    while (!top.compare_exchange_strong(seen, seen->next.load(std::memory_order_relaxed))) {
    }
  });
}

void stack_torn(Window& window) {
  push_and_pop(window, [](std::atomic<Node*>& top) {
    if (Node* const seen = top.load()) top.store(seen->next.load(std::memory_order_relaxed));
  });
}

void count_unlocked(Window& window) {
  std::atomic<unsigned> count{0};
  auto program = [&](unsigned) { count.store(count.load() + 1); };
  run_together(window, {2}, program);
  MICA_CHECK(count == 2);
}

void locks_crossed(Window& window) {
  Lock locks[2];
  auto program = [&](unsigned number) {
    locks[number].lock();
    locks[1 - number].lock();
    locks[1 - number].unlock();
    locks[number].unlock();
  };
  run_together(window, {.count = 2, .level = HIGH_LEVEL}, program);
}

// Sets and takes come in turn, so that each take has a set of its own.
void auto_reset(Window& window) {
  std::atomic<std::uint32_t> state{0}, taken{0};
  auto program = [&](unsigned number) {
    for (std::uint32_t round = 0; round < 2; ++round) {
      if (number == 0) {
        do Machine::await(taken, round - 1);
        while (taken.load() != round);
        state.store(1, std::memory_order_release);
      } else {
        do Machine::await(state, 0u);
        while (state.exchange(0, std::memory_order_acquire) == 0);
        taken.store(round + 1);
      }
    }
  };
  run_together(window, {2}, program);
  MICA_CHECK(state == 0);
}

void set_and_wait(Window& window) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto program = [&](unsigned number) {
    if (number == 0) {
      KeSetEvent(&event, 0, FALSE);
      return;
    }
    KeLowerIrql(PASSIVE_LEVEL);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
    static_cast<void>(KeRaiseIrqlToDpcLevel());
  };
  run_together(window, {2}, program);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
}

}  // namespace mica::bench
