// Which executions there are, and who answers in each what is asked.
//   Every choice of an execution goes through choose(): which processor steps, whether an interrupt
//   lands, whether time jumps, and what a scenario asks for itself (random). A strategy is asked
//   only while the window is open.
#pragma once

#include <mica/policy.hpp>

#include <iosfwd>
#include <memory>

#include "explore/schedule.hpp"
#include "explore/settings.hpp"

namespace mica::explore {

// How far a search is.
struct Reach {
  std::uint32_t depth = 0;     // choices of the execution that was begun last
  std::optional<double> left;  // an estimate of the executions that are left; none: no search
};

class Strategy : public Policy {
 public:
  // Begins the next execution. False: there is none left.
  [[nodiscard]] virtual bool next_execution() = 0;
  // The name of the execution that was begun last; complete once that has ended.
  [[nodiscard]] virtual Schedule schedule() const = 0;
  // Whether that execution is one of the strategy's own; a shard makes some only to find its way.
  [[nodiscard]] virtual bool counts() const noexcept { return true; }
  [[nodiscard]] virtual Reach reach() const { return {}; }
  // What another process needs to go on after the execution that was begun last: numbers with
  // blanks between them. Empty: it cannot. load() reads so many of them; false: they are none.
  [[nodiscard]] virtual std::string save() const { return {}; }
  [[nodiscard]] virtual bool load(std::istream&) { return false; }
  // The window: who looks at more than questions looks only while it is open.
  virtual void opened() noexcept {}
  virtual void closed() noexcept {}

  // A number below `bound`, for a scenario.
  [[nodiscard]] std::uint32_t random(std::uint32_t bound) noexcept {
    return bound < 2 ? 0 : choose(Choice::value, {.count = bound, .processors = 0, .current = 0});
  }
};

// Half of the executions choose uniformly, half by PCT with depth 1 to 5, whose length is measured
// first; or only the ones or the others. Seeds count from `seed`; there is no end. A shard has the
// seeds whose number it owns.
struct Seeds {
  Method method = Method::seeded;  // or random, or pct
  std::uint64_t first = 1;
  Shard shard{};
};
[[nodiscard]] std::unique_ptr<Strategy> seeded(bool time_jumps, Seeds const& seeds = {});

// That one execution.
[[nodiscard]] std::unique_ptr<Strategy> replay(Schedule const& schedule, bool time_jumps);
[[nodiscard]] std::unique_ptr<Strategy> replay_seed(Schedule const& schedule, bool time_jumps);
[[nodiscard]] std::unique_ptr<Strategy> replay_steps(Schedule const& schedule, bool time_jumps);

// Depth first, every execution with at most `bound` deviations from the plain one (plain.hpp):
// first those with none, then with one, and so on. Who goes on when a processor cannot is no
// deviation, and neither is what a scenario asks for. Shards divide the executions by their first
// deviations.
[[nodiscard]] std::unique_ptr<Strategy> bounded(unsigned bound, bool time_jumps,
                                                Shard const& shard = {});

// Depth first, every execution: only for what is very small.
[[nodiscard]] std::unique_ptr<Strategy> depth_first(bool time_jumps, Shard const& shard = {});

// Several in turn: seeded, bounded, and source-DPOR if the scenario has no loops. Over when one
// that has an end has come to it.
struct Portfolio {
  bool time_jumps = false;
  bool loop_free = false;
  unsigned bound = 2;
  std::uint64_t first_seed = 1;
  Shard shard{};
};
[[nodiscard]] std::unique_ptr<Strategy> portfolio(Portfolio const& wanted);

}  // namespace mica::explore
