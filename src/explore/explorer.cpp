#include "explore/explorer.hpp"

#include <algorithm>
#include <bit>

#include "explore/stage.hpp"

namespace mica::explore {

void Tally::add(Execution const& execution) {
  ++executions;
  length = std::max(length, execution.decisions);
  points += execution.points;
  switches += execution.switches;
  fingerprints.insert(execution.fingerprint);
  if (execution.state) states.insert(*execution.state);
}

Report explore(Scenario const& scenario, Strategy& strategy, Limits const& limits, Watcher* watcher,
               Tally so_far) {
  using Clock = std::chrono::steady_clock;
  auto const began = Clock::now();
  auto const before = so_far.took;
  Report report{std::move(so_far), scenario, 0, false, {}, {}};
  Stage stage{scenario};
  for (bool first = true; !report.failed; first = false) {
    if (report.fingerprints.size() >= limits.distinct || report.executions >= limits.executions ||
        report.took - before >= limits.time)
      break;
    if (!strategy.next_execution()) {
      report.exhausted = true;
      break;
    }
    Execution execution = stage.execute(strategy);
    bool const failed = execution.verdict != Verdict::passed;
    if (strategy.counts() || failed) report.add(execution);
    report.took = before + (Clock::now() - began);
    if (watcher) watcher->went(report, strategy);
    if (!failed && !first && !std::has_single_bit(report.executions)) continue;
    Schedule const schedule = strategy.schedule();
    if (failed) stage.clear();
    Execution again = execute(scenario, schedule);
    if (!again.same_as(execution)) again.verdict = Verdict::nondeterminism;
    if (again.verdict == Verdict::passed) continue;
    report.failed = schedule;
    report.execution = std::move(again);
  }
  report.distinct = report.fingerprints.size();
  report.took = before + (Clock::now() - began);
  return report;
}

Report explore(Scenario const& scenario, std::uint64_t wanted) {
  return explore(scenario, *seeded(scenario.time_jumps),
                 {.distinct = wanted, .executions = 4 * wanted});
}

}  // namespace mica::explore
