// Where an execution stands in a search: what was chosen at each step, what else must be.
#pragma once

#include <bit>

#include "explore/dependence.hpp"

namespace mica::explore {

[[nodiscard]] constexpr std::uint32_t bit(unsigned process) noexcept {
  return std::uint32_t{1} << process;
}

// A question inside a step: every answer is tried.
struct Value {
  std::uint32_t choice;
  std::uint32_t plain;
  std::uint32_t count;
  std::uint32_t next = 0;  // the first that was not tried, the plain one aside

  [[nodiscard]] std::uint32_t untried() const noexcept {
    return count - next - (plain >= next ? 1 : 0);
  }
  [[nodiscard]] bool turn() noexcept {
    if (next == plain) ++next;
    if (next >= count) return false;
    choice = next++;
    return true;
  }
};

// A process whose step is in executions that were made already, until something conflicts with it.
struct Sleeper {
  unsigned process;
  Footprint footprint;
};

// Where a step begins, with what stood before it.
struct Node {
  std::uint32_t enabled;  // mask, as the rest
  unsigned process;       // makes the step
  std::uint32_t wanted;   // must make it in some execution
  std::vector<Sleeper> asleep;
  std::vector<Value> values;
  Footprint covered;  // what this process touched here, in all executions

  [[nodiscard]] std::uint32_t sleeping() const noexcept {
    std::uint32_t mask = 0;
    for (Sleeper const& sleeper : asleep) mask |= bit(sleeper.process);
    return mask;
  }
  // To the next answer, or the next process.
  [[nodiscard]] bool turn() {
    for (; !values.empty(); values.pop_back())
      if (values.back().turn()) return true;
    asleep.push_back({process, std::move(covered)});
    covered.clear();
    std::uint32_t const left = wanted & ~sleeping();
    if (left == 0) return false;
    process = static_cast<unsigned>(std::countr_zero(left));
    return true;
  }
};

}  // namespace mica::explore
