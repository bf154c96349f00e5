// What a bugcheck asks the machine, and its console.
#include <cstring>

#include "suite.hpp"

namespace mica::hal_suite {

namespace {

constexpr std::size_t most = 32;

[[gnu::noinline]] std::size_t trace_from_here(std::uint64_t* addresses, std::size_t capacity) {
  std::size_t const count = Machine::backtrace(0, addresses, capacity);
  asm volatile("" ::: "memory");  // not the last act of this function
  return count;
}

void traces() {
  std::uint64_t addresses[most] = {};
  std::size_t const count = trace_from_here(addresses, most);
  HAL_CHECK(count >= 1 && count <= most);
  for (std::size_t i = 0; i < count; ++i) HAL_CHECK(addresses[i] != 0);
  HAL_CHECK(trace_from_here(addresses, 1) == 1);
  HAL_CHECK(trace_from_here(addresses, 0) == 0);
}

struct Traced {
  std::uint64_t addresses[most];
  std::size_t count;
};

// Where it was called from is found from the other stack.
[[gnu::noinline]] bool finds_its_caller(hal::Stack stack) {
  Traced traced{};
  auto function = [](void* argument) NTAPI {
    auto& trace = *static_cast<Traced*>(argument);
    trace.count = trace_from_here(trace.addresses, most);
  };
  Machine::call_on_stack(stack, function, &traced);
  auto const caller = reinterpret_cast<std::uint64_t>(__builtin_return_address(0));
  for (std::size_t i = 0; i < traced.count; ++i)
    if (traced.addresses[i] == caller) return true;
  return false;
}

// One of them lies above the stack that it is called from, or below it.
void traces_through_another_stack() {
  Raised const raised{DISPATCH_LEVEL};
  static bool found[2];
  found[0] = finds_its_caller(spare_stack(0));
  Machine::call_on_stack(
      spare_stack(2), [](void*) NTAPI { found[1] = finds_its_caller(spare_stack(0)); }, nullptr);
  HAL_CHECK(found[0] && found[1]);
  Machine::call_on_stack(
      spare_stack(0), [](void*) NTAPI { found[0] = finds_its_caller(spare_stack(2)); }, nullptr);
  HAL_CHECK(found[0]);
}

void broken_frames() {
  std::uint64_t addresses[most];
  std::byte* const unmapped = new_addresses(1);
  HAL_CHECK(Machine::backtrace(reinterpret_cast<std::uint64_t>(unmapped), addresses, most) == 0);
  HAL_CHECK(Machine::backtrace(9, addresses, most) == 0);
  std::uint64_t loop[2] = {reinterpret_cast<std::uint64_t>(loop), 1};
  HAL_CHECK(Machine::backtrace(reinterpret_cast<std::uint64_t>(loop), addresses, most) <= 1);
}

void traces_in_a_handler() {
  static Count traced;
  traced.store(0);
  set_hooks({.ipi = [] {
    std::uint64_t addresses[most];
    HAL_CHECK(trace_from_here(addresses, most) >= 1);
    traced.fetch_add(1);
  }});
  Raised const raised{DISPATCH_LEVEL};
  Machine::send_ipi(Machine::processor_number());
  await_at_least(traced, 1);
}

void names() {
  hal::SymbolName const nothing = Machine::symbol_name(0);
  HAL_CHECK(nothing.name == nullptr);
  auto const address = reinterpret_cast<std::uint64_t>(&trace_from_here);
  hal::SymbolName const found = Machine::symbol_name(address + 1);
  if (!found.name) return;  // a machine may know no names
  HAL_CHECK(found.offset == 1);
  HAL_CHECK(std::strlen(found.name) > 0);
}

void console() {
  Machine::debug_output("", 0);
  int const byte = Machine::debug_input();
  HAL_CHECK(byte >= -1 && byte <= 255);
  HAL_CHECK(Machine::command_line() != nullptr);
  HAL_CHECK(std::strlen(Machine::command_line()) < 4096);
}

// The suite is started without one.
void ram_disk() {
  HAL_CHECK(Machine::ram_disk().empty());
}

constexpr Case cases[] = {
    {"diagnosis: a backtrace has this function's caller first", traces},
    {"diagnosis: a backtrace goes through a call on another stack", traces_through_another_stack},
    {"diagnosis: a backtrace stops at a broken frame", broken_frames},
    {"diagnosis: a backtrace inside a handler", traces_in_a_handler},
    {"diagnosis: a name and how far into it", names},
    {"console: takes nothing, gives a byte or none", console},
    {"RAM disk: there is none where none was given", ram_disk},
};

}  // namespace

std::span<Case const> diagnosis_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
