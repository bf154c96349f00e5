// The smallest failure: of the executions that fail with the same verdict, one with the fewest
// deviations from the plain execution (plain.hpp), and of those one with the fewest steps.
//   First the smallest of some PCT executions, which deviate seldom. Then deviations are merged,
//   and dropped in halves, in quarters, and one by one. Then every execution that needs fewer is
//   tried as long as executions are left. So the result is the smallest there is when `proven` says
//   so, else the smallest that was met.
#pragma once

#include "explore/execution.hpp"

namespace mica::explore {

struct Minimum {
  Schedule schedule;  // of kind steps; as it was when the failure has no such name
  Execution execution;
  unsigned deviations = 0;  // preemptions, delayed interrupts and jumps of time
  std::uint64_t executions = 0;
  bool proven = false;  // every execution with fewer deviations passes, or fails in another way
};

// `schedule` fails with `verdict`. At most `executions` are made, but for a few.
[[nodiscard]] Minimum minimise(Scenario const& scenario, Schedule const& schedule, Verdict verdict,
                               std::uint64_t executions);

}  // namespace mica::explore
