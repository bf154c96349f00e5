// Two accesses to the same memory that nothing orders.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "explore/flows.hpp"
#include "explore/shadow.hpp"

namespace mica::explore {

struct Backtrace {
  std::array<std::uint64_t, 24> addresses{};
  std::size_t count = 0;

  // Of the caller, innermost first.
  void take() noexcept;
  [[nodiscard]] std::span<std::uint64_t const> frames() const noexcept {
    return {addresses.data(), count};
  }
};

struct Access {
  std::uint32_t sequence = 0;  // which of the execution's accesses
  Agent agent;
  bool at_dispatch = false;  // at DISPATCH_LEVEL or above, or with interrupts disabled
  int processor = -1;        // -1: not known yet
  AccessKind kind{};
  Backtrace stack;
};

struct Race {
  std::uintptr_t address = 0;
  unsigned bytes = 0;
  Access first;   // its processor and stack are known once the schedule was executed again for them
  Access second;  // the one that found the other
  Epoch made = 0;   // the epoch of the first's component when it was made...
  Epoch known = 0;  // ...what the second knew of it...
  Epoch now = 0;    // ...and what it was by then

  // Both accesses, both stacks with sources as far as the tools are there, and what is missing.
  [[nodiscard]] std::string text() const;
};

// "function at file:line" for each, as far as can be found out.
[[nodiscard]] std::string describe(Backtrace const& stack);

}  // namespace mica::explore
