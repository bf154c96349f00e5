// The level by itself: read, raise, lower, per processor; interrupts disabled.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

Count events;

void raising_and_lowering() {
  for (KIRQL level = 0; level <= HIGH_LEVEL; ++level) {
    KIRQL const old = Machine::raise(level);
    HAL_CHECK(old == PASSIVE_LEVEL);
    HAL_CHECK(Machine::irql() == level);
    for (KIRQL above = level; above <= HIGH_LEVEL; ++above) {
      HAL_CHECK(Machine::raise(above) == level);
      HAL_CHECK(Machine::irql() == above);
      Machine::lower(level);
      HAL_CHECK(Machine::irql() == level);
    }
    Machine::lower(old);
  }
}

// An interrupt level shared between processors has been somebody's bug.
Count high, release;

void hold_at_high_level() {
  Raised const raised{HIGH_LEVEL};
  high.store(1);
  await_at_least(release, 1);
  HAL_CHECK(Machine::irql() == HIGH_LEVEL);
}

void own_level() {
  events.store(0);
  high.store(0);
  release.store(0);
  set_hooks({.dispatch = [] { events.fetch_add(1); }});
  begin(1, hold_at_high_level);
  await_at_least(high, 1);
  HAL_CHECK(Machine::irql() == PASSIVE_LEVEL);
  {
    Raised const raised{DISPATCH_LEVEL};
    Machine::request_dispatch();
    HAL_CHECK(events.load() == 0);
  }
  HAL_CHECK(events.load() == 1);
  HAL_CHECK(Machine::irql() == PASSIVE_LEVEL);
  release.store(1);
  finish(1);
}

void everyone_at_a_level() {
  run_everywhere([] {
    auto const mine = static_cast<KIRQL>(Machine::processor_number() % (HIGH_LEVEL + 1));
    for (unsigned round = 0; round < 50; ++round) {
      Raised const raised{mine};
      HAL_CHECK(Machine::irql() == mine);
    }
  });
}

void disabled_interrupts() {
  events.store(0);
  set_hooks({.ipi = [] { events.fetch_add(1); }});
  Raised const raised{DISPATCH_LEVEL};
  HAL_CHECK(Machine::disable_interrupts());
  Machine::send_ipi(Machine::processor_number());
  Machine::stall(20);
  HAL_CHECK(events.load() == 0);
  HAL_CHECK(!Machine::disable_interrupts());
  Machine::restore_interrupts(false);
  Machine::stall(20);
  HAL_CHECK(events.load() == 0);
  Machine::restore_interrupts(true);
  await_at_least(events, 1);
  HAL_CHECK(events.load() == 1);
}

void disabling_keeps_the_level() {
  Raised const raised{APC_LEVEL};
  bool const enabled = Machine::disable_interrupts();
  HAL_CHECK(Machine::irql() == APC_LEVEL);
  Machine::restore_interrupts(enabled);
  HAL_CHECK(Machine::irql() == APC_LEVEL);
}

constexpr Case cases[] = {
    {"irql: raise returns the old level, lower sets it", raising_and_lowering},
    {"irql: a processor at HIGH_LEVEL leaves another's level alone", own_level, 2},
    {"irql: every processor has its own level", everyone_at_a_level, 2},
    {"irql: disabled interrupts withhold what the level would let through", disabled_interrupts},
    {"irql: disabling interrupts keeps the level", disabling_keeps_the_level},
};

}  // namespace

std::span<Case const> irql_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
