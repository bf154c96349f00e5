// Halting: an interrupt requested after interrupts were disabled is not slept through.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

Count work, woken, clocks;

// What an idle thread does: looks for work with interrupts disabled, then halts.
void idle_until(Count const& count, std::uint32_t value) {
  for (;;) {
    bool const enabled = Machine::disable_interrupts();
    HAL_CHECK(enabled);
    if (count.load(std::memory_order_acquire) >= value) {
      Machine::restore_interrupts(enabled);
      return;
    }
    Machine::halt();
    HAL_CHECK(Machine::irql() == PASSIVE_LEVEL);
  }
}

void clock_ends_a_halt() {
  clocks.store(0);
  set_hooks({.clock = [] { clocks.fetch_add(1); }});
  for (std::uint32_t round = 1; round <= 10; ++round) {
    {
      Raised const raised{DISPATCH_LEVEL};
      Machine::arm_clock({Machine::interrupt_time().value_100ns + 500});
    }
    idle_until(clocks, round);
  }
}

constexpr std::uint32_t rounds = 100;

void sleep_and_answer() {
  for (std::uint32_t round = 1; round <= rounds; ++round) {
    idle_until(work, round);
    woken.store(round, std::memory_order_release);
  }
}

// The store and the IPI meet the sleeper's look and its halt at every distance.
void ipi_ends_a_halt() {
  work.store(0);
  woken.store(0);
  begin(1, sleep_and_answer);
  for (std::uint32_t round = 1; round <= rounds; ++round) {
    Raised const raised{DISPATCH_LEVEL};
    Machine::stall(round % 7);
    work.store(round, std::memory_order_release);
    Machine::send_ipi(1);
    await_at_least(woken, round);
  }
  finish(1);
}

// Requested before interrupts were disabled, withheld by them, delivered by the halt.
void pending_ends_a_halt() {
  clocks.store(0);
  set_hooks({.clock = [] { clocks.fetch_add(1); }});
  bool const enabled = Machine::disable_interrupts();
  HAL_CHECK(enabled);
  Machine::raise(DISPATCH_LEVEL);
  Machine::arm_clock(Machine::interrupt_time());
  Machine::lower(PASSIVE_LEVEL);
  Machine::stall(50);
  HAL_CHECK(clocks.load() == 0);
  Machine::halt();
  idle_until(clocks, 1);
}

constexpr Case cases[] = {
    {"halt: the clock ends it", clock_ends_a_halt},
    {"halt: what is pending ends it at once", pending_ends_a_halt},
    {"halt: no IPI is slept through", ipi_ends_a_halt, 2},
};

}  // namespace

std::span<Case const> idle_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
