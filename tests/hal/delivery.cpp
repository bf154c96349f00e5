// What is delivered when: masks, order, merging, nesting, and the level afterwards.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

Count dispatches, ipis, clocks;

void count_all() {
  dispatches.store(0);
  ipis.store(0);
  clocks.store(0);
  set_hooks({.dispatch = [] { dispatches.fetch_add(1); },
             .ipi = [] { ipis.fetch_add(1); },
             .clock = [] { clocks.fetch_add(1); }});
}

void ipi_to_self() {
  Machine::send_ipi(Machine::processor_number());
}
void clock_now() {
  Machine::arm_clock(Machine::interrupt_time());
}

void dispatch_waits() {
  count_all();
  for (KIRQL const to : {PASSIVE_LEVEL, APC_LEVEL}) {
    dispatches.store(0);
    Raised const outer{static_cast<KIRQL>(to)};
    KIRQL const old = Machine::raise(DISPATCH_LEVEL);
    Machine::request_dispatch();
    Machine::stall(20);
    HAL_CHECK(dispatches.load() == 0);
    Machine::lower(old);
    HAL_CHECK(dispatches.load() == 1);  // before lower returned
    HAL_CHECK(Machine::irql() == to);
  }
}

void dispatch_withheld_above() {
  count_all();
  for (KIRQL level = DISPATCH_LEVEL; level <= HIGH_LEVEL; ++level) {
    dispatches.store(0);
    KIRQL const old = Machine::raise(level);
    Machine::request_dispatch();
    Machine::lower(DISPATCH_LEVEL);
    HAL_CHECK(dispatches.load() == 0);
    Machine::lower(old);
    HAL_CHECK(dispatches.load() == 1);
  }
}

void dispatch_merges() {
  count_all();
  {
    Raised const raised{DISPATCH_LEVEL};
    for (unsigned i = 0; i < 5; ++i) Machine::request_dispatch();
  }
  HAL_CHECK(dispatches.load() == 1);
  { Raised const raised{DISPATCH_LEVEL}; }
  HAL_CHECK(dispatches.load() == 1);  // and is not delivered twice
}

// A request made by the handler runs after it, not inside, and before the level is below
// DISPATCH_LEVEL for good.
Count inside;

void dispatch_again() {
  count_all();
  inside.store(0);
  set_hooks({.dispatch = [] {
    HAL_CHECK(inside.fetch_add(1) == 0);
    if (dispatches.fetch_add(1) == 0) Machine::request_dispatch();
    HAL_CHECK(dispatches.load() <= 2);
    inside.fetch_sub(1);
  }});
  {
    Raised const raised{DISPATCH_LEVEL};
    Machine::request_dispatch();
  }
  HAL_CHECK(dispatches.load() == 2);
}

void ipi_masks() {
  count_all();
  for (KIRQL level = DISPATCH_LEVEL; level <= HIGH_LEVEL; ++level) {
    ipis.store(0);
    KIRQL const old = Machine::raise(level);
    ipi_to_self();
    if (level < IPI_LEVEL) {
      await_at_least(ipis, 1);
      HAL_CHECK(Machine::irql() == level);
    } else {
      Machine::stall(20);
      HAL_CHECK(ipis.load() == 0);
      Machine::lower(CLOCK_LEVEL);
      await_at_least(ipis, 1);
      HAL_CHECK(Machine::irql() == CLOCK_LEVEL);
    }
    Machine::lower(old);
    HAL_CHECK(ipis.load() == 1);
  }
}

void clock_masks() {
  count_all();
  for (KIRQL level = DISPATCH_LEVEL; level <= HIGH_LEVEL; ++level) {
    clocks.store(0);
    KIRQL const old = Machine::raise(level);
    clock_now();
    if (level < CLOCK_LEVEL) {
      await_at_least(clocks, 1);
      HAL_CHECK(Machine::irql() == level);
    } else {
      Machine::stall(50);
      HAL_CHECK(clocks.load() == 0);
      Machine::lower(CLOCK_LEVEL - 1);
      await_at_least(clocks, 1);
      HAL_CHECK(Machine::irql() == CLOCK_LEVEL - 1);
    }
    Machine::lower(old);
    HAL_CHECK(clocks.load() == 1);
  }
}

void ipi_inside_others() {
  count_all();
  set_hooks({.dispatch =
                 [] {
                   std::uint32_t const before = ipis.load();
                   ipi_to_self();
                   await_at_least(ipis, before + 1);
                   HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
                   dispatches.fetch_add(1);
                 },
             .ipi = [] { ipis.fetch_add(1); },
             .clock =
                 [] {
                   std::uint32_t const before = ipis.load();
                   ipi_to_self();
                   await_at_least(ipis, before + 1);
                   HAL_CHECK(Machine::irql() == CLOCK_LEVEL);
                   clocks.fetch_add(1);
                 }});
  {
    Raised const raised{DISPATCH_LEVEL};
    Machine::request_dispatch();
    clock_now();
    await_at_least(clocks, 1);
    HAL_CHECK(dispatches.load() == 0);
  }
  HAL_CHECK(dispatches.load() == 1);
  HAL_CHECK(ipis.load() == 2);
}

// What ran, as digits of a number: 1 dispatch, 2 clock, 3 IPI.
Count order;
void note(std::uint32_t digit) {
  order.store(order.load() * 10 + digit);
}

// Whether an interrupt has arrived is not to be seen from here: with more and more patience all
// three have. A machine that delivers a lower one first never gets this right, because the dispatch
// request is there at once.
void highest_first() {
  constexpr unsigned tries = 20;
  bool in_order = false;
  for (unsigned i = 1; i <= tries && !in_order; ++i) {
    count_all();
    order.store(0);
    set_hooks({.dispatch = [] { note(1), dispatches.fetch_add(1); },
               .ipi = [] { note(3), ipis.fetch_add(1); },
               .clock = [] { note(2), clocks.fetch_add(1); }});
    {
      Raised const raised{HIGH_LEVEL};
      Machine::request_dispatch();
      clock_now();
      ipi_to_self();
      Machine::stall(100 * i * i);
      HAL_CHECK(order.load() == 0);
    }
    for (Count const* const count : {&dispatches, &ipis, &clocks}) await_at_least(*count, 1);
    in_order = order.load() == 321;
  }
  HAL_CHECK(in_order);
}

constexpr Case cases[] = {
    {"delivery: a dispatch request waits for a level below DISPATCH_LEVEL", dispatch_waits},
    {"delivery: lowering to DISPATCH_LEVEL delivers no dispatch request", dispatch_withheld_above},
    {"delivery: dispatch requests merge", dispatch_merges},
    {"delivery: a request by the dispatch handler runs after it", dispatch_again},
    {"delivery: an IPI is withheld at IPI_LEVEL and above, and the level returns", ipi_masks},
    {"delivery: the clock is withheld at CLOCK_LEVEL and above, and the level returns",
     clock_masks},
    {"delivery: an IPI interrupts the handlers of lower levels", ipi_inside_others},
    {"delivery: lowering delivers the highest first", highest_first},
};

}  // namespace

std::span<Case const> delivery_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
