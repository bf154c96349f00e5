// Rules for the timer wheel
//   One a processor: six levels of 64 slots, a tick of the clock a slot at the lowest; insert and
//   cancel cost the same whatever is pending. Guarded by its lock, taken at DISPATCH_LEVEL, inside
//   object locks.
//   KTIMER::DueTime holds the due tick from insert on. Header.Absolute: the due time is a system
//   time, and KTIMER::Rounding says how long before that tick it was. Both belong to the wheel's
//   lock.
//   Expiry (ke/expiry.cpp) unlinks a timer and names it in `expiring` before it lets the lock go:
//   whoever finds a timer armed but unlinked waits until `expiring` is another. No DPC runs while
//   `expiring` is set.
#pragma once

#include <atomic>

#include "base/list.hpp"
#include "ke/spin_lock.hpp"

namespace mica::ke {

using Tick = std::uint64_t;
inline constexpr Tick no_tick = ~Tick{0};

// Up to a whole tick.
[[nodiscard]] constexpr Tick ticks_in(std::uint64_t duration_100ns,
                                      std::uint32_t unit_100ns) noexcept {
  return duration_100ns / unit_100ns + (duration_100ns % unit_100ns != 0 ? 1 : 0);
}

// When a timer is due. An absolute due time is a system time, so the tick depends on the clock.
struct Due {
  Tick tick;
  bool absolute = false;
  // Absolute: how long before the tick, less than one, and under which adjustment of the clock.
  std::uint16_t early_100ns = 0;
  std::uint64_t adjustment_100ns = 0;

  // A system time that long after tick 0 of a clock that is adjusted like that. `unit_100ns`: a
  // tick.
  [[nodiscard]] static Due NTAPI after_start(std::uint64_t duration_100ns,
                                             std::uint64_t adjustment_100ns,
                                             std::uint32_t unit_100ns) noexcept;
  // The same system time where the clock is adjusted otherwise.
  [[nodiscard]] Due NTAPI moved(std::uint64_t adjustment_100ns,
                                std::uint32_t unit_100ns) const noexcept;
};

class TimerWheel {
 public:
  SpinLock<Rank::timer> lock;
  std::atomic<KTIMER*> expiring;

  // Links a timer that is not linked; due at a tick of the clock, whatever becomes of the clock.
  void NTAPI insert(KTIMER& timer, Tick due) noexcept MICA_REQUIRES(lock);
  // The same; an absolute due time is that of the wheel's own adjustment from now on.
  void NTAPI insert(KTIMER& timer, Due due, std::uint32_t unit_100ns) noexcept MICA_REQUIRES(lock);
  // The clock was set: absolute due times follow it.
  void NTAPI adjust(std::uint64_t adjustment_100ns, std::uint32_t unit_100ns) noexcept
      MICA_REQUIRES(lock);
  void NTAPI remove(KTIMER& timer) noexcept MICA_REQUIRES(lock);
  // Whether it is in this wheel; it need not be a timer at all.
  [[nodiscard]] bool NTAPI contains(KTIMER const& timer) noexcept MICA_REQUIRES(lock);
  // Whether a timer of this wheel has that DPC. Goes through all of them.
  [[nodiscard]] bool NTAPI names(KDPC const* dpc) noexcept MICA_REQUIRES(lock);
  [[nodiscard]] static bool linked(KTIMER const& timer) noexcept {
    return timer.TimerListEntry.Flink != nullptr;
  }

  // The next timer due at or before `now`, unlinked: earliest first, equal ones in the order of
  // their inserts; null when there is none left.
  [[nodiscard]] KTIMER* NTAPI take_due(Tick now) noexcept MICA_REQUIRES(lock);

  // A tick at or before the earliest due one, no_tick when empty. Without the lock a hint that may
  // be about to fall.
  [[nodiscard]] Tick next() const noexcept { return next_.load(std::memory_order_relaxed); }

  // Where the wheel stands before anything was inserted.
  void start(Tick now) noexcept MICA_REQUIRES(lock) {
    now_ = now;
    next_.store(no_tick, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t pending() const noexcept { return pending_; }

 private:
  static constexpr unsigned slot_bits = 6;
  static constexpr unsigned slots = 1u << slot_bits;
  static constexpr unsigned levels = 6;
  static constexpr unsigned span_bits = slot_bits * levels;

  // A timer stands on the lowest level whose slots tell its tick from now_: all ticks of one slot
  // are later than all of the slots before it and on lower levels. What lies beyond the span of all
  // levels stands in the one slot of level `levels`.
  struct Place {
    unsigned level;
    unsigned slot;
  };
  [[nodiscard]] Place NTAPI place_of(Tick due) const noexcept;
  [[nodiscard]] LIST_ENTRY& list_at(Place place) noexcept {
    return place.level == levels ? beyond_ : slots_[place.level][place.slot];
  }
  void NTAPI link(KTIMER& timer) noexcept;
  void NTAPI enter(KTIMER& timer) noexcept;
  void NTAPI unlink(KTIMER& timer) noexcept;
  void NTAPI cascade(Place place) noexcept;
  void NTAPI move_to(Tick tick) noexcept;
  [[nodiscard]] Tick NTAPI earliest() const noexcept;

  // Calls visit(list) for each slot that holds a timer.
  template <class Visit>
  void each_slot(Visit visit) noexcept MICA_REQUIRES(lock);
  void NTAPI take_absolute(LIST_ENTRY& slot, LIST_ENTRY& taken) noexcept MICA_REQUIRES(lock);

  std::uint64_t adjustment_100ns_;  // the one that absolute due times were reckoned with
  Tick now_;                        // every tick below it was taken
  std::atomic<Tick> next_;
  std::uint64_t pending_;
  std::uint64_t occupied_[levels + 1];  // a bit for each slot that holds a timer
  LIST_ENTRY slots_[levels][slots];     // initialised when its bit is set
  LIST_ENTRY beyond_;
};

}  // namespace mica::ke
