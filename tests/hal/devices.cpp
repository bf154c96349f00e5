// Interrupts of devices: by vector, at the vector's level.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

constexpr unsigned first = Machine::first_device_vector, last = Machine::last_device_vector;

Count taken, number_seen;
std::atomic<std::uint8_t> last_vector;

void request(unsigned vector) {
  Machine::request_interrupt(Machine::processor_number(), static_cast<std::uint8_t>(vector));
}

void count_devices() {
  taken.store(0);
  set_hooks({.device = [](std::uint8_t vector) {
    last_vector.store(vector);
    number_seen.store(Machine::processor_number());
    taken.fetch_add(1);
  }});
}

void every_vector() {
  static_assert(first >> 4 > DISPATCH_LEVEL && last >> 4 < CLOCK_LEVEL && last - first >= 127);
  count_devices();
  Raised const raised{DISPATCH_LEVEL};
  for (unsigned vector = first; vector <= last; ++vector) {
    taken.store(0);
    request(vector);
    await_at_least(taken, 1);
    HAL_CHECK(last_vector.load() == vector);
    HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
  }
}

void masks() {
  count_devices();
  unsigned const vector = 0x57;
  for (KIRQL level = DISPATCH_LEVEL; level <= HIGH_LEVEL; ++level) {
    taken.store(0);
    KIRQL const old = Machine::raise(level);
    request(vector);
    if (level < vector >> 4) {
      await_at_least(taken, 1);
    } else {
      Machine::stall(20);
      HAL_CHECK(taken.load() == 0);
      Machine::lower((vector >> 4) - 1);
      await_at_least(taken, 1);
    }
    Machine::lower(old);
    HAL_CHECK(taken.load() == 1);
  }
}

void disabled() {
  count_devices();
  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  bool const enabled = Machine::disable_interrupts();
  request(first);
  Machine::stall(20);
  HAL_CHECK(taken.load() == 0);
  Machine::restore_interrupts(enabled);
  await_at_least(taken, 1);
  Machine::lower(old);
}

void merges() {
  count_devices();
  KIRQL const old = Machine::raise(HIGH_LEVEL);
  for (unsigned i = 0; i < 3; ++i) request(first + 1);
  Machine::stall(100);
  Machine::lower(DISPATCH_LEVEL);
  await_at_least(taken, 1);
  Machine::stall(100);
  HAL_CHECK(taken.load() == 1);
  Machine::lower(old);
}

// A request that is made by the handler runs after it: its own level withholds it.
Count inside;

void again() {
  count_devices();
  inside.store(0);
  set_hooks({.device = [](std::uint8_t vector) {
    HAL_CHECK(inside.fetch_add(1) == 0);
    if (taken.load() < 3) request(vector ^ 1);
    Machine::stall(20);
    inside.fetch_sub(1);
    taken.fetch_add(1);
  }});
  {
    Raised const raised{DISPATCH_LEVEL};
    request(0x64);
    await_at_least(taken, 4);
  }
  HAL_CHECK(taken.load() == 4);
}

// What ran, as digits: 1 and 2 vectors of one level, 3 one of the next. As with the other
// interrupts, arrival is not to be seen from here: more and more patience.
Count order;

void highest_first() {
  constexpr unsigned tries = 20;
  bool in_order = false;
  for (unsigned i = 1; i <= tries && !in_order; ++i) {
    taken.store(0);
    order.store(0);
    set_hooks({.device = [](std::uint8_t vector) {
      order.store(order.load() * 10 + (vector == 0x40 ? 1 : vector == 0x4f ? 2 : 3));
      taken.fetch_add(1);
    }});
    KIRQL const old = Machine::raise(HIGH_LEVEL);
    for (unsigned const vector : {0x40, 0x50, 0x4f}) request(vector);
    Machine::stall(100 * i * i);
    HAL_CHECK(order.load() == 0);
    Machine::lower(DISPATCH_LEVEL);
    await_at_least(taken, 3);
    Machine::lower(old);
    in_order = order.load() == 321;
  }
  HAL_CHECK(in_order);
}

void nests() {
  taken.store(0);
  set_hooks({.device = [](std::uint8_t vector) {
    std::uint32_t const before = taken.load();
    if (vector == 0x31) {
      request(0xb1);
      await_at_least(taken, before + 1);
    }
    HAL_CHECK(Machine::irql() == vector >> 4);
    taken.fetch_add(1);
  }});
  Raised const raised{DISPATCH_LEVEL};
  request(0x31);
  await_at_least(taken, 2);
  HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
}

void another_processor() {
  for (unsigned target = 1; target < Machine::processor_count(); ++target) {
    count_devices();
    Raised const raised{DISPATCH_LEVEL};
    Machine::request_interrupt(target, 0x72);
    await_at_least(taken, 1);
    HAL_CHECK(number_seen.load() == target);
    HAL_CHECK(last_vector.load() == 0x72);
  }
}

constexpr Case cases[] = {
    {"devices: every vector comes at its level", every_vector},
    {"devices: a level withholds the vectors at and below it", masks},
    {"devices: disabled interrupts withhold them", disabled},
    {"devices: requests of one vector merge", merges},
    {"devices: a request of the handler's own level runs after it", again},
    {"devices: the highest level comes first, then the highest vector", highest_first},
    {"devices: a higher one interrupts the handler of a lower", nests},
    {"devices: another processor is interrupted", another_processor, 2},
};

}  // namespace

std::span<Case const> device_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
