#include "ke/timer_wheel.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace mica::ke {

TimerWheel::Place TimerWheel::place_of(Tick due) const noexcept {
  Tick const effective = std::max(due, now_);
  Tick const differing = effective ^ now_;
  if (differing >> span_bits != 0) return {levels, 0};
  unsigned const level =
      differing == 0 ? 0 : static_cast<unsigned>(std::bit_width(differing) - 1) / slot_bits;
  return {level, static_cast<unsigned>(effective >> (level * slot_bits)) % slots};
}

// Equal ticks always share a slot, because place and cascade depend on the tick and now_ alone: so
// appending keeps them in the order of their inserts.
void TimerWheel::link(KTIMER& timer) noexcept {
  Place const place = place_of(timer.DueTime.QuadPart);
  std::uint64_t const bit = std::uint64_t{1} << place.slot;
  LIST_ENTRY& list = list_at(place);
  if ((occupied_[place.level] & bit) == 0) list_initialize(list);
  occupied_[place.level] |= bit;
  list_append(list, timer.TimerListEntry);
}

// now_ does not pass an occupied slot: so the place is found again from the tick, even that of an
// overdue timer.
void TimerWheel::unlink(KTIMER& timer) noexcept {
  LIST_ENTRY const* const before = timer.TimerListEntry.Blink;
  bool const last = before == timer.TimerListEntry.Flink;
  list_remove(timer.TimerListEntry);
  --pending_;
  if (!last) return;
  Place const place = place_of(timer.DueTime.QuadPart);
  occupied_[place.level] &= ~(std::uint64_t{1} << place.slot);
  next_.store(earliest(), std::memory_order_relaxed);
}

void TimerWheel::insert(KTIMER& timer, Tick due) noexcept {
  timer.Header.Absolute = 0;
  timer.DueTime.QuadPart = due;
  enter(timer);
}

void TimerWheel::insert(KTIMER& timer, Due due, std::uint32_t unit_100ns) noexcept {
  if (!due.absolute) return insert(timer, due.tick);
  Due const here = due.moved(adjustment_100ns_, unit_100ns);
  timer.Header.Absolute = 1;
  timer.DueTime.QuadPart = here.tick;
  timer.Rounding = here.early_100ns;
  enter(timer);
}

void TimerWheel::enter(KTIMER& timer) noexcept {
  Tick const due = timer.DueTime.QuadPart;
  link(timer);
  ++pending_;
  Tick const effective = std::max(due, now_);
  if (effective < next()) next_.store(effective, std::memory_order_relaxed);
}

Due Due::after_start(std::uint64_t duration, std::uint64_t adjustment,
                     std::uint32_t unit_100ns) noexcept {
  Tick const tick = ticks_in(duration, unit_100ns);
  return {tick, true, static_cast<std::uint16_t>(tick * unit_100ns - duration), adjustment};
}

// A due time before the first tick is over.
Due Due::moved(std::uint64_t adjustment, std::uint32_t unit_100ns) const noexcept {
  std::uint64_t const due = tick * unit_100ns - early_100ns;
  auto const later = static_cast<std::int64_t>(adjustment_100ns - adjustment);
  if (later < 0 && due <= std::uint64_t{0} - static_cast<std::uint64_t>(later))
    return {0, true, 0, adjustment};
  return after_start(due + static_cast<std::uint64_t>(later), adjustment, unit_100ns);
}

template <class Visit>
void TimerWheel::each_slot(Visit visit) noexcept {
  for (unsigned level = 0; level < levels; ++level)
    for (unsigned slot = 0; slot < slots; ++slot)
      if ((occupied_[level] >> slot & 1) != 0) visit(slots_[level][slot]);
  if (occupied_[levels] != 0) visit(beyond_);
}

// Moves the absolute ones of a slot out of the wheel.
void TimerWheel::take_absolute(LIST_ENTRY& slot, LIST_ENTRY& taken) noexcept {
  LIST_ENTRY const* const head = &slot;
  for (LIST_ENTRY* entry = slot.Flink; entry != head;) {
    KTIMER& timer = MICA_CONTAINING(*entry, KTIMER, TimerListEntry);
    entry = entry->Flink;
    if (timer.Header.Absolute == 0) continue;
    unlink(timer);
    list_append(taken, timer.TimerListEntry);
  }
}

void TimerWheel::adjust(std::uint64_t adjustment, std::uint32_t unit_100ns) noexcept {
  LIST_ENTRY taken;
  list_initialize(taken);
  each_slot([&](LIST_ENTRY& slot) MICA_REQUIRES(lock) { take_absolute(slot, taken); });
  std::uint64_t const before = std::exchange(adjustment_100ns_, adjustment);
  while (!list_empty(taken)) {
    KTIMER& timer = MICA_CONTAINING(*taken.Flink, KTIMER, TimerListEntry);
    list_remove(timer.TimerListEntry);
    insert(timer, {timer.DueTime.QuadPart, true, timer.Rounding, before}, unit_100ns);
  }
}

bool TimerWheel::contains(KTIMER const& timer) noexcept {
  Place const place = place_of(timer.DueTime.QuadPart);
  if ((occupied_[place.level] >> place.slot & 1) == 0) return false;
  LIST_ENTRY const& list = list_at(place);
  for (LIST_ENTRY const* entry = list.Flink; entry != &list; entry = entry->Flink)
    if (entry == &timer.TimerListEntry) return true;
  return false;
}

bool TimerWheel::names(KDPC const* dpc) noexcept {
  bool found = false;
  each_slot([&](LIST_ENTRY& slot) {
    for (LIST_ENTRY* entry = slot.Flink; entry != &slot; entry = entry->Flink)
      found = found || MICA_CONTAINING(*entry, KTIMER, TimerListEntry).Dpc == dpc;
  });
  return found;
}

void TimerWheel::remove(KTIMER& timer) noexcept {
  unlink(timer);
}

// Moves a slot's timers to the levels below; now_ has just entered it.
void TimerWheel::cascade(Place place) noexcept {
  std::uint64_t const bit = std::uint64_t{1} << place.slot;
  if ((occupied_[place.level] & bit) == 0) return;
  occupied_[place.level] &= ~bit;
  LIST_ENTRY& list = list_at(place);
  LIST_ENTRY const* const head = &list;
  // Some of level `levels` may come back to it: the list's own end is remembered, not its
  // emptiness.
  LIST_ENTRY* entry = list.Flink;
  while (entry != head) {
    LIST_ENTRY* const next = entry->Flink;
    link(MICA_CONTAINING(*entry, KTIMER, TimerListEntry));
    entry = next;
  }
}

void TimerWheel::move_to(Tick tick) noexcept {
  Tick const entered = tick ^ now_;
  now_ = tick;
  if (entered >> span_bits != 0) cascade({levels, 0});
  for (unsigned level = levels - 1; level > 0; --level)
    if (entered >> (level * slot_bits) != 0)
      cascade({level, static_cast<unsigned>(tick >> (level * slot_bits)) % slots});
}

// The due tick when the earliest timer stands on the lowest level, else the first tick of its slot.
Tick TimerWheel::earliest() const noexcept {
  for (unsigned level = 0; level < levels; ++level) {
    if (occupied_[level] == 0) continue;
    unsigned const shift = level * slot_bits;
    Tick const slot = static_cast<Tick>(std::countr_zero(occupied_[level]));
    return (now_ >> (shift + slot_bits) << (shift + slot_bits)) | slot << shift;
  }
  return occupied_[levels] == 0 ? no_tick : ((now_ >> span_bits) + 1) << span_bits;
}

KTIMER* TimerWheel::take_due(Tick now) noexcept {
  while (now_ <= now) {
    auto const slot = static_cast<unsigned>(now_ % slots);
    if ((occupied_[0] >> slot & 1) != 0) {
      KTIMER& timer = MICA_CONTAINING(*slots_[0][slot].Flink, KTIMER, TimerListEntry);
      unlink(timer);
      return &timer;
    }
    // Nothing stands between here and the earliest: idle hours cost no more than an idle tick.
    move_to(std::min(earliest(), now + 1));
  }
  next_.store(earliest(), std::memory_order_relaxed);
  return nullptr;
}

}  // namespace mica::ke
