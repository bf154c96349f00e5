// Rules for the executive's own spin locks
//   A lock is taken at DISPATCH_LEVEL or above and held for a bounded time; its holder never waits
//   and never switches.
//   The rank is part of the type; a processor that holds rank r takes only higher ones
//   (ke/rank.hpp).
//   A zero-filled lock is free. Unlike KSPIN_LOCK, it is no part of the ABI.
#pragma once

#include <atomic>
#include <cstdint>

#include "ke/irql.hpp"
#include "ke/rank.hpp"

namespace mica::ke {

template <Rank R>
class MICA_CAPABILITY("spin lock") SpinLock {
 public:
  void lock_at_dispatch() noexcept MICA_ACQUIRES() {
    rank_acquired(R);
    do Machine::await(word_, std::uint32_t{1});
    while (word_.exchange(1, std::memory_order_acquire) != 0);
  }
  void unlock_at_dispatch() noexcept MICA_RELEASES() {
    rank_released(R);
    word_.store(0, std::memory_order_release);
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

// For callers that are at DISPATCH_LEVEL or above already.
template <Rank R>
class MICA_SCOPED [[nodiscard]] SpinGuardAtDispatch {
 public:
  explicit SpinGuardAtDispatch(SpinLock<R>& lock) noexcept MICA_ACQUIRES(lock) : lock_{lock} {
    lock_.lock_at_dispatch();
  }
  ~SpinGuardAtDispatch() noexcept MICA_RELEASES() { lock_.unlock_at_dispatch(); }
  SpinGuardAtDispatch(SpinGuardAtDispatch const&) = delete;
  SpinGuardAtDispatch& operator=(SpinGuardAtDispatch const&) = delete;

 private:
  SpinLock<R>& lock_;
};

// Raises to DISPATCH_LEVEL first, restores the level last.
template <Rank R>
class MICA_SCOPED [[nodiscard]] SpinGuard {
 public:
  NTAPI explicit SpinGuard(SpinLock<R>& lock) noexcept MICA_ACQUIRES(lock)
      : old_{Machine::raise(DISPATCH_LEVEL)}, lock_{lock} {
    lock_.lock_at_dispatch();
  }
  NTAPI ~SpinGuard() noexcept MICA_RELEASES() {
    lock_.unlock_at_dispatch();
    Machine::lower(old_);
  }
  SpinGuard(SpinGuard const&) = delete;
  SpinGuard& operator=(SpinGuard const&) = delete;

 private:
  KIRQL const old_;
  SpinLock<R>& lock_;
};

}  // namespace mica::ke
