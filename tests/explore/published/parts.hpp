// What the programs of published bugs are made of: a lock, a futex, a program for each processor.
//   They run at HIGH_LEVEL, where waiting is spinning and nothing else happens.
#pragma once

#include "explore/crew.hpp"
#include "explore/team.hpp"
#include "find.hpp"

namespace mica::explore {

template <class Program>
void run_high(Window& window, unsigned count, Program& program) noexcept {
  run_together(window, {.count = count, .level = HIGH_LEVEL}, program);
}

class Lock {
 public:
  Lock() noexcept { KeInitializeSpinLock(&lock_); }
  void lock() noexcept { KeAcquireSpinLockAtDpcLevel(&lock_); }
  void unlock() noexcept { KeReleaseSpinLockFromDpcLevel(&lock_); }

 private:
  KSPIN_LOCK lock_;
};

class [[nodiscard]] Held {
 public:
  explicit Held(Lock& lock) noexcept : lock_{lock} { lock_.lock(); }
  ~Held() { lock_.unlock(); }
  Held(Held const&) = delete;
  Held& operator=(Held const&) = delete;

 private:
  Lock& lock_;
};

// Who waits while the word holds `value` sleeps until somebody wakes it, first in, first out.
// Whoever finds another value does not sleep.
class Futex {
 public:
  void wait(std::atomic<int> const& word, int value) noexcept {
    int seat = 0;
    {
      Held held{lock_};
      if (word != value) return;
      seat = taken_++;
    }
    spin_while(woken_[seat], 0);
  }
  void wake(int count) noexcept {
    Held held{lock_};
    for (; count > 0 && left_ < taken_; --count) woken_[left_++] = 1;
  }

 private:
  static constexpr int most = 8;  // waits in an execution
  Lock lock_;
  int taken_ = 0;
  int left_ = 0;
  std::atomic<int> woken_[most]{};
};

}  // namespace mica::explore
