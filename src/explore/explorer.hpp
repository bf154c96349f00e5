// Runs one scenario under the schedules of a strategy, each in a fresh System, until one fails.
//   Executions are made on one stage. One that fails, and ever rarer ones that pass (the first, the
//   second, the fourth...), are made once more in a System of their own, from their name: what
//   differs then is a verdict of its own, nondeterminism of the test.
#pragma once

#include <chrono>
#include <unordered_set>

#include "explore/execution.hpp"

namespace mica::explore {

struct Limits {
  std::uint64_t distinct = UINT64_MAX;
  std::uint64_t executions = UINT64_MAX;
  std::chrono::nanoseconds time = std::chrono::nanoseconds::max();  // of the wall
};

// What the executions come to.
struct Tally {
  std::uint64_t executions = 0;
  std::uint32_t length = 0;    // of the longest, in decisions
  std::uint64_t points = 0;    // atomic operations of explored code
  std::uint64_t switches = 0;  // decisions for another processor than before
  std::chrono::nanoseconds took{};
  std::unordered_set<std::uint64_t> fingerprints;
  std::unordered_set<std::uint64_t> states;  // final ones

  void add(Execution const& execution);
  // None: the scenario does not tell them.
  [[nodiscard]] std::optional<std::size_t> final_states() const noexcept {
    return states.empty() ? std::nullopt : std::optional{states.size()};
  }
};

struct Report : Tally {
  Scenario scenario;  // what was explored
  std::uint64_t distinct = 0;
  bool exhausted = false;  // the strategy had no more
  std::optional<Schedule> failed;
  Execution execution;  // the one that failed
};

// Hears of an exploration after each of its executions.
class Watcher {
 public:
  virtual void went(Tally const& tally, Strategy const& strategy) = 0;

 protected:
  ~Watcher() = default;
};

// `so_far`: of the executions that the strategy has made already.
[[nodiscard]] Report explore(Scenario const& scenario, Strategy& strategy, Limits const& limits,
                             Watcher* watcher = nullptr, Tally so_far = {});

// Seeded, until `wanted` distinct schedules were seen, 4 * wanted executions were made, or one
// failed.
[[nodiscard]] Report explore(Scenario const& scenario, std::uint64_t wanted);

}  // namespace mica::explore
