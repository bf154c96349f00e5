#include "explore/minimise.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "explore/stage.hpp"
#include "explore/told.hpp"

namespace mica::explore {
namespace {

class Search {
 public:
  Search(Scenario const& scenario, Verdict verdict, std::uint64_t executions)
      : scenario_{scenario}, stage_{scenario}, verdict_{verdict}, left_{executions} {}

  // The next execution of `strategy`. False: there is none, or none is left to make.
  [[nodiscard]] bool next(Told& strategy) {
    if (left_ == 0 || !strategy.next_execution()) return false;
    --left_;
    ++best_.executions;
    Execution execution = stage_.execute(strategy);
    length_ = std::max(length_, execution.decisions);
    better_ = false;
    if (execution.verdict != verdict_) return true;
    Schedule schedule = strategy.schedule();
    auto const size_of = [](unsigned cost, Schedule const& named, Execution const& made) {
      return std::tuple{cost, made.steps, named.deviations.size()};
    };
    better_ = !found_ || size_of(strategy.cost(), schedule, execution) <
                             size_of(best_.deviations, best_.schedule, best_.execution);
    if (!better_) return true;
    found_ = true;
    best_.deviations = strategy.cost();
    best_.schedule = std::move(schedule);
    best_.execution = std::move(execution);
    return true;
  }

  // Whether that schedule is better than what there was.
  bool improves(Schedule const& schedule) {
    auto const inside = replay(schedule, scenario_.time_jumps);
    Told told{*inside, scenario_.time_jumps};
    return next(told) && better_;
  }

  // Drops deviations in ever smaller parts, which overlap: two that undo each other go together.
  // [Zeller, Hildebrandt, "Simplifying and isolating failure-inducing input", TSE 2002]
  void drop() {
    std::size_t part = std::max<std::size_t>(best_.schedule.deviations.size() / 2, 1);
    for (;;) {
      bool const dropped = drop_parts_of(part);
      if (left_ == 0 || (part == 1 && !dropped)) return;
      if (!dropped) part /= 2;
    }
  }

  // A processor is interrupted by another and goes on: (x, y, z) becomes one deviation, as if what
  // stood between y and z had come first.
  void merge() {
    for (std::size_t i = 0; i + 2 < best_.schedule.deviations.size() && left_ > 0;) {
      Schedule merged = best_.schedule;
      auto const at = merged.deviations.begin() + static_cast<std::ptrdiff_t>(i);
      at[0].at += at[2].at - at[1].at;
      merged.deviations.erase(at + 1, at + 3);
      if (!improves(merged)) ++i;
    }
  }

  // PCT executions deviate seldom by themselves; and a seed whose gaps could not be told fails
  // again among others.
  void sample() {
    std::uint64_t const last = std::min(left_ / 4, most_samples);
    for (std::uint64_t seed = 1; seed <= last && !(found_ && best_.deviations < 2); ++seed)
      improves(found_ || seed % 2 != 0
                   ? Schedule::pct(seed, 2 + static_cast<unsigned>(seed / 2 % 2), length_)
                   : Schedule::random(seed));
  }

  // Every execution with as many deviations or fewer, the fewest first.
  void enumerate() {
    auto const inside = bounded(found_ ? best_.deviations : widest, scenario_.time_jumps);
    Told told{*inside, scenario_.time_jumps};
    while (next(told)) {
      if (!found_) continue;
      best_.proven |= told.cost() >= best_.deviations;
      if (told.cost() > best_.deviations) return;
    }
    best_.proven |= left_ > 0;
  }

  [[nodiscard]] bool found() const noexcept { return found_; }
  [[nodiscard]] Minimum take() noexcept { return std::move(best_); }

 private:
  bool drop_parts_of(std::size_t part) {
    bool dropped = false;
    for (std::size_t from = 0; from < best_.schedule.deviations.size() && left_ > 0;) {
      Schedule smaller = best_.schedule;
      auto const begin = smaller.deviations.begin() + static_cast<std::ptrdiff_t>(from);
      auto const count = std::min(part, smaller.deviations.size() - from);
      smaller.deviations.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
      bool const better = improves(smaller);
      dropped |= better;
      if (!better) from += std::max<std::size_t>(part / 2, 1);
    }
    return dropped;
  }

  static constexpr std::uint64_t most_samples = 2000;
  static constexpr unsigned widest = 3;  // when nothing is known yet

  Scenario const& scenario_;
  Stage stage_;
  Verdict verdict_;
  std::uint64_t left_;
  std::uint32_t length_ = 0;  // of the longest execution, in decisions
  Minimum best_;
  bool found_ = false;
  bool better_ = false;
};

}  // namespace

Minimum minimise(Scenario const& scenario, Schedule const& schedule, Verdict verdict,
                 std::uint64_t executions) {
  Search search{scenario, verdict, executions};
  search.improves(schedule);
  search.sample();
  search.merge();
  search.drop();
  search.enumerate();
  Minimum minimum = search.take();
  if (!search.found()) minimum.schedule = schedule;
  minimum.execution = execute(scenario, minimum.schedule);
  return minimum;
}

}  // namespace mica::explore
