#include "explore/explorer.hpp"

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "explore/stage.hpp"

namespace mica::explore {

Report explore(Scenario const& scenario, Strategy& strategy, Limits const& limits) {
  auto const began = std::chrono::steady_clock::now();
  std::unordered_set<std::uint64_t> seen;
  Report report;
  report.scenario = scenario;
  Stage stage{scenario};
  while (!report.failed && seen.size() < limits.distinct && report.executions < limits.executions) {
    if (!strategy.next_execution()) {
      report.exhausted = true;
      break;
    }
    Execution execution = stage.execute(strategy);
    ++report.executions;
    report.length = std::max(report.length, execution.decisions);
    seen.insert(execution.fingerprint);
    bool const failed = execution.verdict != Verdict::passed;
    if (!failed && !std::has_single_bit(report.executions)) continue;
    Schedule const schedule = strategy.schedule();
    if (failed) stage.clear();
    Execution again = execute(scenario, schedule);
    if (!again.same_as(execution)) again.verdict = Verdict::nondeterminism;
    if (again.verdict == Verdict::passed) continue;
    report.failed = schedule;
    report.execution = std::move(again);
  }
  report.distinct = seen.size();
  report.took = std::chrono::steady_clock::now() - began;
  return report;
}

Report explore(Scenario const& scenario, std::uint64_t wanted) {
  return explore(scenario, *seeded(scenario.time_jumps),
                 {.distinct = wanted, .executions = 4 * wanted});
}

}  // namespace mica::explore
