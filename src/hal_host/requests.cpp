// What a processor asks of its simulation, in either mode.
#include <algorithm>
#include <bit>

#include "hal_host/simulation.hpp"

namespace mica::hal_host {

std::uint64_t Simulation::now_100ns() const noexcept {
  if (setup_.parallel) {
    auto const elapsed = std::chrono::steady_clock::now() - began_;
    return jumped_100ns_.load(std::memory_order_relaxed) +
           static_cast<std::uint64_t>(
               std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count()) /
               100;
  }
  if (Machine::current_processor == nullptr) return skew_100ns_ + steps_;  // nobody steps
  order_time(false);
  Core const& core = Machine::current().core;
  return skew_100ns_ + steps_ + static_cast<std::uint64_t>(core.seat->granted - core.countdown);
}

void Simulation::decide() noexcept {
  Seat& seat = me();
  if (setup_.parallel) {
    poll(seat);
  } else {
    give_way(seat);
    land(seat, false);
    grant(seat);
  }
  Core& core = seat.block->core;
  if (deliverable(core, core.pending)) Machine::deliver();
}

void Simulation::await(Guard const& guard) noexcept {
  Seat& seat = me();
  seat.guard = guard;
  if (setup_.parallel) {
    await_parallel(seat);
  } else {
    seat.activity = Activity::awaits;
    give_way(seat);
    seat.activity = Activity::steps;
    land(seat, !guard.open());
    grant(seat);
  }
  Core& core = seat.block->core;
  if (deliverable(core, core.pending)) Machine::deliver();
}

void Simulation::halt() noexcept {
  Seat& seat = me();
  Core& core = seat.block->core;
  core.masked = false;
  if (setup_.parallel) {
    halt_parallel(seat);
  } else if (!deliverable(core, core.pending)) {
    seat.activity = Activity::halted;
    give_way(seat);
    seat.activity = Activity::steps;
    land(seat, true);
    grant(seat);
  }
  Machine::deliver();
}

void Simulation::request(unsigned number, KIRQL level) noexcept {
  note(0x200 + number);
  Seat& target = seats_[number];
  token_release(&target);
  order_request(number, level);
  target.wire.fetch_or(level_bit(level), std::memory_order_release);
  if (!setup_.parallel) {
    account(me());
    me().granted = me().block->core.countdown = 1;
  } else if (target.activity.load() == Activity::halted) {
    { std::lock_guard const guard{mutex_}; }
    changed_.notify_all();
  }
}

void Simulation::request_device(unsigned number, std::uint8_t vector) noexcept {
  auto const level = static_cast<KIRQL>(vector >> 4);
  if (vector < Machine::first_device_vector || vector > Machine::last_device_vector)
    violation("an interrupt of a vector that no device may have");
  note(vector);
  seats_[number].vectors[level].fetch_or(static_cast<std::uint16_t>(1u << (vector & 15)),
                                         std::memory_order_release);
  request(number, level);
}

// No point of the trace: what the device was asked before has one.
void Simulation::raise_device(unsigned number, std::uint8_t vector) noexcept {
  auto const level = static_cast<KIRQL>(vector >> 4);
  Seat& target = seats_[number];
  token_release(&target);
  target.vectors[level].fetch_or(static_cast<std::uint16_t>(1u << (vector & 15)),
                                 std::memory_order_release);
  target.wire.fetch_or(level_bit(level), std::memory_order_release);
  if (setup_.parallel) {
    { std::lock_guard const guard{mutex_}; }
    changed_.notify_all();
  } else if (Machine::current_processor != nullptr) {
    order_request(number, level);
    decide_next();
  }
}

void Simulation::wake_devices_at(std::uint64_t due_100ns) noexcept {
  devices_due_100ns_ = due_100ns;
  if (setup_.parallel) {
    { std::lock_guard const guard{mutex_}; }
    changed_.notify_all();
    return;
  }
  due_100ns_ = earliest_due();
  if (Machine::current_processor != nullptr) decide_next();
}

void Simulation::fire_devices(std::uint64_t now_100ns) noexcept {
  std::uint64_t due = devices_due_100ns_.load();
  if (due > now_100ns || setup_.bus == nullptr) return;
  if (devices_due_100ns_.compare_exchange_strong(due, never.value_100ns))
    setup_.bus->fire(now_100ns);
}

void Simulation::served(std::uint8_t vector) noexcept {
  if (setup_.bus == nullptr || !setup_.bus->wants(vector)) return;
  auto const level = static_cast<KIRQL>(vector >> 4);
  Seat& seat = me();
  seat.vectors[level].fetch_or(static_cast<std::uint16_t>(1u << (vector & 15)),
                               std::memory_order_release);
  seat.block->core.pending |= level_bit(level);
}

std::uint8_t Simulation::take_vector(KIRQL level) noexcept {
  Seat& seat = me();
  std::uint16_t const requested = seat.vectors[level].load(std::memory_order_acquire);
  if (requested == 0) return 0;
  auto const highest = static_cast<unsigned>(std::bit_width(requested) - 1);
  auto const others = static_cast<std::uint16_t>(~(1u << highest));
  if ((seat.vectors[level].fetch_and(others, std::memory_order_acq_rel) & others) != 0)
    seat.block->core.pending |= level_bit(level);
  return static_cast<std::uint8_t>(level << 4 | highest);
}

void Simulation::arm(std::uint64_t due_100ns) noexcept {
  Seat& seat = me();
  note(due_100ns);
  order_request(seat.number, clock_level);
  order_time(false);
  // What was armed and has come, but was not delivered yet, is replaced too.
  seat.wire.fetch_and(~level_bit(clock_level), std::memory_order_relaxed);
  seat.block->core.pending &= ~level_bit(clock_level);
  seat.due_100ns.store(due_100ns, std::memory_order_relaxed);
  if (setup_.parallel) return;
  due_100ns_ = earliest_due();
  account(seat);
  grant(seat);
}

void Simulation::spend(std::uint64_t duration_100ns) noexcept {
  Seat& seat = me();
  if (setup_.parallel) {
    jumped_100ns_.fetch_add(duration_100ns, std::memory_order_relaxed);
    seat.granted = seat.block->core.countdown = 1;
    return;
  }
  account(seat);
  skew_100ns_ += duration_100ns;
  order_time(true);
  seat.refusals = Seat::most_refusals;  // no interrupt takes longer to arrive
  seat.granted = seat.block->core.countdown = 1;
}

}  // namespace mica::hal_host
