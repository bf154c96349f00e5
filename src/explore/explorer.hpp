// Runs one scenario under the schedules of a strategy, each in a fresh System, until one fails.
//   Executions are made on one stage. One that fails, and ever rarer ones that pass (the first, the
//   second, the fourth...), are made once more in a System of their own, from their name: what
//   differs then is a verdict of its own, nondeterminism of the test.
#pragma once

#include <chrono>

#include "explore/execution.hpp"

namespace mica::explore {

struct Limits {
  std::uint64_t distinct = UINT64_MAX;
  std::uint64_t executions = UINT64_MAX;
};

struct Report {
  Scenario scenario;  // what was explored
  std::uint64_t executions = 0;
  std::uint64_t distinct = 0;
  std::uint32_t length = 0;  // of the longest, in decisions
  bool exhausted = false;    // the strategy had no more
  std::chrono::nanoseconds took{};
  std::optional<Schedule> failed;
  Execution execution;  // the one that failed
};

[[nodiscard]] Report explore(Scenario const& scenario, Strategy& strategy, Limits const& limits);

// Seeded, until `wanted` distinct schedules were seen, 4 * wanted executions were made, or one
// failed.
[[nodiscard]] Report explore(Scenario const& scenario, std::uint64_t wanted);

}  // namespace mica::explore
