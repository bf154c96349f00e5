// Deterministic mode: who steps next, what arrives, what time it is.
#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "hal_host/fault_signals.hpp"
#include "hal_host/jump.hpp"

namespace mica::hal_host {
namespace {

constexpr std::uint64_t hash_prime = 0x100000001b3;
constexpr std::uint32_t longest_gap = 256;
constexpr std::int32_t longest_grant = 1 << 30;

}  // namespace

// Moves the points taken since the grant into the simulation's count.
void Simulation::account(Seat& seat) noexcept {
  Core& core = seat.block->core;
  steps_ += static_cast<std::uint64_t>(std::max(seat.granted - core.countdown, 0));
  seat.granted = core.countdown = 0;
}

// How many points may pass before anything outside this processor can matter.
void Simulation::grant(Seat& seat) noexcept {
  bool alone = seat.wire.load(std::memory_order_relaxed) == 0;
  for (unsigned i = 0; alone && i < setup_.processors; ++i) {
    Seat const& other = seats_[i];
    if (&other == &seat) continue;
    Activity const activity = other.activity.load(std::memory_order_relaxed);
    alone = activity != Activity::steps && activity != Activity::awaits && !can_step(other);
  }
  std::uint64_t gap = longest_grant;
  if (!alone)
    gap = 1 + choose(Choice::gap, {.count = longest_gap, .processors = 0, .current = seat.number});
  std::uint64_t const now = skew_100ns_ + steps_;
  if (due_100ns_ != never.value_100ns) gap = std::min(gap, due_100ns_ > now ? due_100ns_ - now : 1);
  gap = std::min(gap, setup_.step_limit > steps_ ? setup_.step_limit - steps_ : 1);
  seat.granted = seat.block->core.countdown = static_cast<std::int32_t>(gap);
}

std::uint32_t Simulation::choose(Choice kind, Candidates const& candidates) noexcept {
  LookAway const look_away;
  std::uint32_t const chosen = setup_.policy->choose(kind, candidates);
  hash_ =
      (hash_ ^ (chosen + (static_cast<std::uint64_t>(kind) << 32) + (steps_ << 8))) * hash_prime;
  return chosen;
}

bool Simulation::can_step(Seat const& seat) const noexcept {
  Activity const activity = seat.activity.load(std::memory_order_relaxed);
  if (activity == Activity::steps) return true;
  if (activity == Activity::absent || activity == Activity::frozen) return false;
  if (activity == Activity::awaits && seat.guard.open()) return true;
  Core const& core = seat.block->core;
  return deliverable(core, core.pending | seat.wire.load(std::memory_order_relaxed));
}

Candidates Simulation::able(Seat const& from) const noexcept {
  Candidates able{.count = 0, .processors = 0, .current = from.number};
  for (unsigned i = 0; i < setup_.processors; ++i) {
    if (!can_step(seats_[i])) continue;
    ++able.count;
    able.processors |= 1u << i;
  }
  return able;
}

Seat* Simulation::pick(Seat const& from) noexcept {
  Candidates const candidates = able(from);
  if (candidates.count == 0) return nullptr;
  std::uint32_t index = candidates.count > 1 ? choose(Choice::processor, candidates) : 0;
  std::uint32_t rest = candidates.processors;
  for (; index; --index) rest &= rest - 1;
  return &seats_[std::countr_zero(rest)];
}

std::uint64_t Simulation::earliest_due() const noexcept {
  std::uint64_t earliest = never.value_100ns;
  for (unsigned i = 0; i < setup_.processors; ++i)
    if (seats_[i].activity.load(std::memory_order_relaxed) != Activity::frozen)
      earliest = std::min(earliest, seats_[i].due_100ns.load(std::memory_order_relaxed));
  return std::min(earliest, devices_due_100ns_.load(std::memory_order_relaxed));
}

void Simulation::fire_due(bool nobody_steps) noexcept {
  std::uint64_t const now = skew_100ns_ + steps_;
  if (due_100ns_ > now) return;
  std::uint32_t fired = 0;
  for (unsigned i = 0; i < setup_.processors; ++i) {
    Seat& seat = seats_[i];
    if (seat.due_100ns.load(std::memory_order_relaxed) > now) continue;
    seat.due_100ns.store(never.value_100ns, std::memory_order_relaxed);
    seat.wire.fetch_or(level_bit(clock_level), std::memory_order_relaxed);
    fired |= 1u << i;
  }
  fire_devices(now);
  due_100ns_ = earliest_due();
  if (fired != 0) order_fired(fired, nobody_steps);
}

// Nobody can step: time goes to the earliest armed clock. False: there is none, or nobody wants it.
bool Simulation::advance() noexcept {
  bool awaiting = false;
  for (unsigned i = 0; i < setup_.processors; ++i)
    awaiting |= seats_[i].activity.load(std::memory_order_relaxed) == Activity::awaits;
  if (due_100ns_ == never.value_100ns || (settling_.load(std::memory_order_relaxed) && !awaiting)) {
    ending_.end = awaiting ? End::deadlock : End::quiet;
    ending_.reason = awaiting ? "every processor spins on a word that nobody will change" : "";
    return false;
  }
  std::uint64_t const now = skew_100ns_ + steps_;
  skew_100ns_ += due_100ns_ > now ? due_100ns_ - now : 0;
  fire_due(true);
  return true;
}

Seat& Simulation::next_seat(Seat const& from) noexcept {
  fire_due(false);
  for (;;) {
    if (Seat* const next = pick(from)) return *next;
    if (!advance()) return controllers_[0];
  }
}

// Lets others step until this processor is chosen again.
void Simulation::give_way(Seat& from) noexcept {
  account(from);
  if (steps_ >= setup_.step_limit) end({End::step_limit, {}, "the step limit was reached"});
  hash_ = (hash_ ^ from.block->core.trace ^ from.number) * hash_prime;
  jump_time(from);
  Seat& next = next_seat(from);
  if (&next != &from) Jump::hop(from, next);
}

// Requested interrupts arrive, when the policy says so or when that is what woke this processor.
void Simulation::land(Seat& seat, bool forced) noexcept {
  std::uint32_t const wire = seat.wire.load(std::memory_order_relaxed);
  if (wire == 0) return;
  Core& core = seat.block->core;
  if (!forced && ++seat.refusals < Seat::most_refusals && deliverable(core, wire) &&
      choose(Choice::interrupt, {.count = 2, .processors = 0, .current = seat.number}) == 0)
    return;
  seat.refusals = 0;
  seat.wire.store(0, std::memory_order_relaxed);
  core.pending |= wire;
  token_acquire(&seat);
}

// When nobody can step it does so by itself.
void Simulation::jump_time(Seat const& from) noexcept {
  fire_due(false);
  if (due_100ns_ == never.value_100ns) return;
  std::uint32_t const mask = able(from).processors;
  if (mask == 0) return;
  if (choose(Choice::time, {.count = 2, .processors = mask, .current = from.number}) == 1)
    skew_100ns_ = due_100ns_ - steps_;
}

void Simulation::pause() noexcept {
  Seat& seat = me();
  account(seat);
  paused_ = &seat;
  ending_ = {End::paused, {}, ""};
  Jump::hop(seat, controllers_[0]);
  seat.granted = seat.block->core.countdown = 1;
}

void Simulation::decide_next() noexcept {
  Seat& seat = me();
  account(seat);
  seat.granted = seat.block->core.countdown = 1;
}

void Simulation::save(Image& image) const {
  std::memcpy(image.seats, static_cast<void const*>(seats_), setup_.processors * sizeof(Seat));
  image.paused = paused_;
  image.steps = steps_;
  image.skew_100ns = skew_100ns_;
  image.due_100ns = due_100ns_;
  image.devices_due_100ns = devices_due_100ns_;
  image.hash = hash_;
  image.context_ids = context_ids_;
  image.entry_wanted = entry_wanted_;
  image.entry_routine = entry_routine_;
  image.entry_argument = entry_argument_;
  image.log_bytes = log_.size();
}

void Simulation::load(Image const& image) noexcept {
  std::memcpy(static_cast<void*>(seats_), image.seats, setup_.processors * sizeof(Seat));
  paused_ = image.paused;
  steps_ = image.steps;
  skew_100ns_ = image.skew_100ns;
  due_100ns_ = image.due_100ns;
  devices_due_100ns_ = image.devices_due_100ns;
  hash_ = image.hash;
  context_ids_ = image.context_ids;
  entry_wanted_ = image.entry_wanted;
  entry_routine_ = image.entry_routine;
  entry_argument_ = image.entry_argument;
  log_.resize(image.log_bytes);
}

Ending Simulation::run_deterministic() {
  Seat& controller = controllers_[0];
  SignalStack const signal_stack;
  adopt_strand(controller.strand);
  controller.exceptions = thread_exceptions();
  ExceptionState const mine = *controller.exceptions;
  for (Seat& seat : seats_) seat.exceptions = controller.exceptions;
  Seat* const paused = std::exchange(paused_, nullptr);
  Seat& next = paused ? *paused : next_seat(controller);
  if (&next != &controller) Jump::hop(controller, next);
  *controller.exceptions = mine;
  for (Seat const& seat : seats_)
    if (seat.block) hash_ = (hash_ ^ seat.block->core.trace) * hash_prime;
  return ending_;
}

}  // namespace mica::hal_host
