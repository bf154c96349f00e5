// Which executions there are, and who answers in each what is asked.
//   Every choice of an execution goes through choose(): which processor steps, whether an interrupt
//   lands, whether time jumps, and what a scenario asks for itself (random). A strategy is asked
//   only while the window is open.
#pragma once

#include <mica/policy.hpp>

#include <memory>

#include "explore/schedule.hpp"

namespace mica::explore {

class Strategy : public Policy {
 public:
  // Begins the next execution. False: there is none left.
  [[nodiscard]] virtual bool next_execution() = 0;
  // The name of the execution that was begun last; complete once that has ended.
  [[nodiscard]] virtual Schedule schedule() const = 0;
  // The window: who looks at more than questions looks only while it is open.
  virtual void opened() noexcept {}
  virtual void closed() noexcept {}

  // A number below `bound`, for a scenario.
  [[nodiscard]] std::uint32_t random(std::uint32_t bound) noexcept {
    return bound < 2 ? 0 : choose(Choice::value, {.count = bound, .processors = 0, .current = 0});
  }
};

// Half of the executions choose uniformly, half by PCT with depth 1 to 5, whose length is measured
// first. Seeds count from 1; there is no end.
[[nodiscard]] std::unique_ptr<Strategy> seeded(bool time_jumps);

// That one execution.
[[nodiscard]] std::unique_ptr<Strategy> replay(Schedule const& schedule, bool time_jumps);
[[nodiscard]] std::unique_ptr<Strategy> replay_seed(Schedule const& schedule, bool time_jumps);
[[nodiscard]] std::unique_ptr<Strategy> replay_steps(Schedule const& schedule, bool time_jumps);

// Depth first, every execution with at most `bound` deviations from the plain one (plain.hpp):
// first those with none, then with one, and so on. Who goes on when a processor cannot is no
// deviation, and neither is what a scenario asks for.
[[nodiscard]] std::unique_ptr<Strategy> bounded(unsigned bound, bool time_jumps);

// Depth first, every execution: only for what is very small.
[[nodiscard]] std::unique_ptr<Strategy> depth_first(bool time_jumps);

}  // namespace mica::explore
