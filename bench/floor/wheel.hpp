// The floor of timers: a hierarchical wheel, six levels of 64 slots as ours, and the locked
// operations of a multiprocessor: a timer's own lock and the wheel's. No periods, no other
// processors' wheels, no cancelling while a timer expires.
#pragma once

#include <bit>
#include <cstdint>

#include "floor/lock.hpp"

namespace mica::bench::floor {

struct WheelTimer {
  WheelTimer* next = nullptr;
  WheelTimer* before = nullptr;
  std::uint64_t due = 0;
  Lock lock;
  std::uint32_t state = 0;
  std::uint64_t pad[3] = {};  // as long as a KTIMER
};
static_assert(sizeof(WheelTimer) == sizeof(std::uint64_t) * 7);

class Wheel {
 public:
  Wheel() noexcept {
    for (auto& level : slots_)
      for (WheelTimer& slot : level) slot.next = slot.before = &slot;
  }
  Wheel(Wheel const&) = delete;
  Wheel& operator=(Wheel const&) = delete;

  [[gnu::noinline]] void set(WheelTimer& timer, std::uint64_t due) noexcept {
    timer.lock.lock();
    timer.due = due;
    timer.state = 1;
    lock_.lock();
    link(timer);
    lock_.unlock();
    timer.lock.unlock();
  }

  [[gnu::noinline]] void cancel(WheelTimer& timer) noexcept {
    timer.lock.lock();
    lock_.lock();
    unlink(timer);
    lock_.unlock();
    timer.state = 0;
    timer.lock.unlock();
  }

  // Goes to the next tick; each timer that is due there is set anew, `period` later. How many were.
  [[gnu::noinline]] std::uint64_t tick(std::uint64_t period) noexcept {
    ++now_;
    for (unsigned level = levels - 1; level > 0; --level)
      if (now_ % (std::uint64_t{1} << level * bits) == 0) cascade(level);
    std::uint64_t expired = 0;
    while (WheelTimer* const timer = take()) {
      timer->lock.lock();
      timer->state = 2;
      timer->lock.unlock();
      set(*timer, now_ + period);
      ++expired;
    }
    return expired;
  }

 private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned levels = 6;

  void link(WheelTimer& timer) noexcept {
    std::uint64_t const differing = (timer.due ^ now_) | 1;
    auto const level = static_cast<unsigned>(std::bit_width(differing) - 1) / bits;
    auto const index = static_cast<unsigned>(timer.due >> (level * bits)) % 64;
    WheelTimer& slot = slots_[level][index];
    timer.before = slot.before;
    timer.next = &slot;
    slot.before->next = &timer;
    slot.before = &timer;
    occupied_[level] |= std::uint64_t{1} << index;
  }
  void unlink(WheelTimer& timer) noexcept {
    timer.before->next = timer.next;
    timer.next->before = timer.before;
    if (timer.next != timer.before) return;
    auto const slot = static_cast<std::size_t>(timer.next - &slots_[0][0]);
    occupied_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
  }
  WheelTimer* take() noexcept {
    lock_.lock();
    WheelTimer& slot = slots_[0][now_ % 64];
    WheelTimer* const timer = slot.next == &slot ? nullptr : slot.next;
    if (timer != nullptr) unlink(*timer);
    lock_.unlock();
    return timer;
  }
  void cascade(unsigned level) noexcept {
    lock_.lock();
    WheelTimer& slot = slots_[level][now_ >> (level * bits) & 63];
    while (slot.next != &slot) {
      WheelTimer& timer = *slot.next;
      unlink(timer);
      link(timer);
    }
    lock_.unlock();
  }

  Lock lock_;
  std::uint64_t now_ = 0;
  std::uint64_t occupied_[levels] = {};
  WheelTimer slots_[levels][64];
};

}  // namespace mica::bench::floor
