// The software interrupt at APC_LEVEL: below every other, and its handler may leave its thread.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

Count apcs, dispatches;

void count_apcs() {
  apcs.store(0);
  dispatches.store(0);
  set_hooks({.apc = [] { apcs.fetch_add(1); }});
}

void request() {
  Raised const raised{DISPATCH_LEVEL};
  Machine::request_apc();
}

void delivered_at_passive_level() {
  count_apcs();
  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  Machine::request_apc();
  Machine::stall(20);
  HAL_CHECK(apcs.load() == 0);
  Machine::lower(APC_LEVEL);
  HAL_CHECK(apcs.load() == 0);
  Machine::lower(old);
  HAL_CHECK(apcs.load() == 1);  // before lower returned
  HAL_CHECK(Machine::irql() == PASSIVE_LEVEL);
}

void merged() {
  count_apcs();
  {
    Raised const raised{DISPATCH_LEVEL};
    for (unsigned i = 0; i < 5; ++i) Machine::request_apc();
  }
  HAL_CHECK(apcs.load() == 1);
  { Raised const raised{DISPATCH_LEVEL}; }
  HAL_CHECK(apcs.load() == 1);  // and is not delivered twice
}

// Asked for by its own handler: after it, not inside.
void again() {
  count_apcs();
  set_hooks({.apc = [] {
    if (apcs.fetch_add(1) == 0) request();
    HAL_CHECK(apcs.load() <= 2);
  }});
  request();
  HAL_CHECK(apcs.load() == 2);
}

void after_dispatch() {
  count_apcs();
  set_hooks({.apc = [] { HAL_CHECK(dispatches.load() == 1), apcs.fetch_add(1); },
             .dispatch = [] { HAL_CHECK(apcs.load() == 0), dispatches.fetch_add(1); }});
  {
    Raised const raised{DISPATCH_LEVEL};
    Machine::request_apc();
    Machine::request_dispatch();
  }
  HAL_CHECK(apcs.load() == 1);
}

void interrupted_by_dispatch() {
  count_apcs();
  set_hooks({.apc =
                 [] {
                   {
                     Raised const raised{DISPATCH_LEVEL};
                     Machine::request_dispatch();
                   }
                   HAL_CHECK(dispatches.load() == 1);
                   apcs.fetch_add(1);
                 },
             .dispatch = [] { dispatches.fetch_add(1); }});
  request();
  HAL_CHECK(apcs.load() == 1);
}

Machine::Context home, other;

void NTAPI elsewhere(void*) {
  Machine::lower(PASSIVE_LEVEL);
  apcs.fetch_add(1);
  Machine::raise(DISPATCH_LEVEL);
  Machine::switch_context(other, home);
  HAL_CHECK(false);
}

// The handler leaves its stack for another context, which runs below APC_LEVEL meanwhile.
void handler_switches() {
  count_apcs();
  set_hooks({.apc = [] {
    Raised const raised{DISPATCH_LEVEL};
    Machine::switch_context(home, other);
  }});
  {
    Raised const raised{DISPATCH_LEVEL};
    Machine::make_context(other, spare_stack(0), elsewhere, nullptr);
  }
  request();
  HAL_CHECK(apcs.load() == 1);
  Raised const raised{DISPATCH_LEVEL};
  Machine::release_context(other);
}

constexpr Case cases[] = {
    {"apc: a request waits for a level below APC_LEVEL", delivered_at_passive_level},
    {"apc: requests merge", merged},
    {"apc: a request by the handler runs after it", again},
    {"apc: a dispatch request comes first", after_dispatch},
    {"apc: a dispatch interrupts the handler", interrupted_by_dispatch},
    {"apc: the handler may switch contexts", handler_switches},
};

}  // namespace

std::span<Case const> apc_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
