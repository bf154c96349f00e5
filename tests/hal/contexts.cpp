// Contexts: made, switched, passed to another processor, switched by a handler.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

Machine::Context home[most_processors], other;

// Floating-point control that only a context that set it may see.
struct FloatControl {
  std::uint32_t mxcsr;
  std::uint16_t x87;
};
#if defined(__x86_64__)
FloatControl float_control() noexcept {
  FloatControl now{};
  asm volatile("stmxcsr %0; fnstcw %1" : "=m"(now.mxcsr), "=m"(now.x87));
  return now;
}
void set_float_control(FloatControl const& to) noexcept {
  asm volatile("ldmxcsr %0; fldcw %1" ::"m"(to.mxcsr), "m"(to.x87));
}
#else
FloatControl float_control() noexcept {
  return {};
}
void set_float_control(FloatControl const&) noexcept {}
#endif
bool same(FloatControl const& a, FloatControl const& b) noexcept {
  return a.mxcsr == b.mxcsr && a.x87 == b.x87;
}

unsigned here() noexcept {
  return Machine::processor_number();
}

bool is_on(hal::Stack stack, void const* address) noexcept {
  auto const* const base = static_cast<std::byte const*>(stack.base);
  auto const* const at = static_cast<std::byte const*>(address);
  return at >= base && at < base + stack.bytes;
}

int given;
Count visits;

void NTAPI first_entry(void* argument) {
  int local = 0;
  HAL_CHECK(argument == &given);
  HAL_CHECK(is_on(spare_stack(0), &local));
  HAL_CHECK(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) % 16 == 0);
  HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
  for (;;) {
    visits.fetch_add(1);
    Machine::switch_context(other, home[0]);
  }
}

void made_and_switched() {
  visits.store(0);
  hal::Stack const stack = spare_stack(0);
  Raised const raised{DISPATCH_LEVEL};
  Machine::make_context(other, stack, first_entry, &given);
  HAL_CHECK(visits.load() == 0);
  for (std::uint32_t i = 1; i <= 100; ++i) {
    Machine::switch_context(home[0], other);
    HAL_CHECK(visits.load() == i);
    HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
  }
  Machine::release_context(other);
}

void NTAPI own_rounding(void*) {
  FloatControl mine = float_control();
  mine.mxcsr ^= 0x6000;  // rounding of vectors
  mine.x87 ^= 0x0c00;    // and of the x87
  set_float_control(mine);
  for (;;) {
    Machine::switch_context(other, home[0]);
    HAL_CHECK(same(float_control(), mine));
  }
}

void float_control_is_kept() {
  hal::Stack const stack = spare_stack(0);
  Raised const raised{DISPATCH_LEVEL};
  FloatControl const before = float_control();
  Machine::make_context(other, stack, own_rounding, nullptr);
  for (unsigned i = 0; i < 3; ++i) {
    Machine::switch_context(home[0], other);
    HAL_CHECK(same(float_control(), before));
  }
  Machine::release_context(other);
}

// ---- A context that every processor continues in turn, as soon as it may.
constexpr std::uint32_t journeys = 200;
Count free_to_take, arrivals;

void NTAPI traveller(void*) {
  std::uint32_t count = 0;
  for (;;) {
    std::uint32_t const mine = ++count;
    HAL_CHECK(arrivals.fetch_add(1) + 1 == mine);  // nobody else is in here
    Machine::switch_context(other, home[here()]);
    HAL_CHECK(count == mine);
  }
}

// `other` is complete when the code it switched to runs: that is what publishes it.
void carry_the_traveller() {
  Raised const raised{DISPATCH_LEVEL};
  while (arrivals.load() < journeys) {
    std::uint32_t wanted = 1;
    if (!free_to_take.compare_exchange_strong(wanted, 0, std::memory_order_acquire)) {
      Machine::await(free_to_take, wanted);
      continue;
    }
    if (arrivals.load() < journeys) Machine::switch_context(home[here()], other);
    free_to_take.store(1, std::memory_order_release);
  }
}

void passed_between_processors() {
  arrivals.store(0);
  hal::Stack const stack = spare_stack(0);
  {
    Raised const raised{DISPATCH_LEVEL};
    Machine::make_context(other, stack, traveller, nullptr);
  }
  free_to_take.store(1, std::memory_order_release);
  run_everywhere(carry_the_traveller);
  HAL_CHECK(arrivals.load() == journeys);
  Raised const raised{DISPATCH_LEVEL};
  Machine::release_context(other);
}

// ---- A call on another stack: the same flow, elsewhere.
struct Call {
  unsigned depth;  // of calls that are to follow, each on a stack of its own
  unsigned before, after;
};

void NTAPI call_deeper(void* argument) {
  auto& call = *static_cast<Call*>(argument);
  int local = 0;
  HAL_CHECK(is_on(spare_stack(call.depth), &local));
  HAL_CHECK(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) % 16 == 0);
  HAL_CHECK(Machine::irql() == DISPATCH_LEVEL);
  ++call.before;
  if (call.depth != 0) {
    Call deeper{call.depth - 1, 0, 0};
    Machine::call_on_stack(spare_stack(deeper.depth), call_deeper, &deeper);
    HAL_CHECK(deeper.before == 1 && deeper.after == 1);
  }
  ++call.after;
}

void called_on_another_stack() {
  Raised const raised{DISPATCH_LEVEL};
  for (unsigned depth = 0; depth < 3; ++depth) {
    Call call{depth, 0, 0};
    int local = 0;
    Machine::call_on_stack(spare_stack(depth), call_deeper, &call);
    HAL_CHECK(!is_on(spare_stack(depth), &local));
    HAL_CHECK(call.before == 1 && call.after == 1);
  }
}

// The interrupted code stands on that stack, and what was withheld is taken there.
void interrupted_on_another_stack() {
  static bool taken;
  taken = false;
  set_hooks({.dispatch = [] {
    int local = 0;
    taken = is_on(spare_stack(1), &local);
  }});
  Raised const raised{DISPATCH_LEVEL};
  Machine::call_on_stack(
      spare_stack(1),
      [](void*) NTAPI {
        Machine::request_dispatch();
        Machine::lower(PASSIVE_LEVEL);
        while (!static_cast<bool volatile&>(taken)) Machine::stall(1);
        Machine::raise(DISPATCH_LEVEL);
      },
      nullptr);
  HAL_CHECK(taken);
}

// A context that leaves its processor in the middle of such calls, and comes back on another.
void NTAPI travel_from_there(void* argument) {
  std::uint32_t const mine = arrivals.fetch_add(1) + 1;
  Machine::switch_context(other, home[here()]);
  int local = 0;
  HAL_CHECK(argument == &given && is_on(spare_stack(1), &local));
  HAL_CHECK(arrivals.load() == mine);
}

void NTAPI calling_traveller(void*) {
  for (;;) {
    int local = 0;
    Machine::call_on_stack(spare_stack(1), travel_from_there, &given);
    HAL_CHECK(is_on(spare_stack(0), &local));
  }
}

void passed_between_processors_on_another_stack() {
  arrivals.store(0);
  {
    Raised const raised{DISPATCH_LEVEL};
    Machine::make_context(other, spare_stack(0), calling_traveller, nullptr);
  }
  free_to_take.store(1, std::memory_order_release);
  run_everywhere(carry_the_traveller);
  HAL_CHECK(arrivals.load() == journeys);
  Raised const raised{DISPATCH_LEVEL};
  Machine::release_context(other);
}

// ---- The end of interrupt precedes the switch: else the second interrupt of the level never
// comes.
Count dispatches;

void NTAPI interrupted_in_its_turn(void*) {
  Machine::lower(PASSIVE_LEVEL);
  Machine::raise(DISPATCH_LEVEL);
  Machine::request_dispatch();
  Machine::lower(PASSIVE_LEVEL);  // the handler goes on with home[0] and does not come back
  HAL_CHECK(false);
}

void switch_in_the_handler() {
  std::uint32_t const count = dispatches.fetch_add(1);
  if (count == 0) Machine::switch_context(home[0], other);
  if (count == 1) Machine::switch_context(other, home[0]);
}

void handler_switches() {
  hal::Stack const stack = spare_stack(0);
  for (KIRQL const level : {PASSIVE_LEVEL, APC_LEVEL}) {
    dispatches.store(0);
    set_hooks({.dispatch = switch_in_the_handler});
    Raised const outer{level};
    KIRQL const old = Machine::raise(DISPATCH_LEVEL);
    Machine::make_context(other, stack, interrupted_in_its_turn, nullptr);
    Machine::request_dispatch();
    Machine::lower(old);
    HAL_CHECK(dispatches.load() == 2);
    HAL_CHECK(Machine::irql() == level);  // this flow's, not that of the other
    Machine::raise(DISPATCH_LEVEL);
    Machine::request_dispatch();
    Machine::lower(old);
    HAL_CHECK(dispatches.load() == 3);
    Machine::raise(DISPATCH_LEVEL);
    Machine::release_context(other);
    Machine::lower(old);
  }
}

constexpr Case cases[] = {
    {"context: begins on its stack, is left and continued", made_and_switched},
    {"context: floating-point control is its own", float_control_is_kept},
    {"context: another processor may continue it once it is published", passed_between_processors,
     2},
    {"context: a call on another stack, from there on a third", called_on_another_stack},
    {"context: an interrupt finds the other stack", interrupted_on_another_stack},
    {"context: goes on elsewhere while it is on another stack",
     passed_between_processors_on_another_stack},
    {"context: the end of interrupt precedes the handler's switch", handler_switches},
};

}  // namespace

std::span<Case const> context_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
