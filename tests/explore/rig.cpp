#include "rig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "explore/dpor.hpp"
#include "explore/minimise.hpp"
#include "explore/report.hpp"

namespace mica::explore {
namespace {

std::string_view environment(char const* name) {
  char const* const value = std::getenv(name);
  return value ? value : "";
}

std::uint64_t number(std::string_view text, std::uint64_t otherwise) {
  return text.empty() ? otherwise : std::strtoull(std::string{text}.c_str(), nullptr, 10);
}

std::string story(Case const& what, Schedule const& schedule, Execution const& execution) {
  return fmt::format("{}MICA_REPLAY={}:{}", execution.text(), what.id, schedule.text());
}

// The smallest failure of the kind that was found.
std::string smallest(Case const& what, Report const& report) {
  constexpr std::uint64_t executions = 5000, long_ones = 100;
  Verdict const verdict = report.execution.verdict;
  if (verdict == Verdict::nondeterminism) return story(what, *report.failed, report.execution);
  Minimum const minimum = minimise(report.scenario, *report.failed, verdict,
                                   verdict == Verdict::livelock ? long_ones : executions);
  return story(what, minimum.schedule, minimum.execution) +
         saved(what.id, report.scenario, minimum.schedule);
}

void replay(Case const& what, Scenario const& scenario, std::string_view line) {
  if (!line.starts_with(what.id) || line[std::string_view{what.id}.size()] != ':') {
    SUCCEED("not the test that MICA_REPLAY names");
    return;
  }
  auto const schedule = Schedule::parse(line.substr(std::string_view{what.id}.size() + 1));
  INFO(line);
  REQUIRE(schedule.has_value());
  Execution const execution = execute(scenario, *schedule);
  INFO(story(what, *schedule, execution));
  if (execution.verdict != Verdict::passed) WARN(saved(what.id, scenario, *schedule));
  REQUIRE(execution.verdict == Verdict::passed);
}

// Fails the running test if the search failed.
void judge(Case const& what, char const* how, Report const& report) {
  fmt::print("{:<8} {:<20} executions {:>6} distinct {:>6} longest {:>6} milliseconds {:>6}{}\n",
             how, what.id, report.executions, report.distinct, report.length,
             std::chrono::duration_cast<std::chrono::milliseconds>(report.took).count(),
             report.exhausted ? " exhausted" : "");
  if (report.failed)
    FAIL("execution " << report.executions << ", " << report.failed->text() << "\n"
                      << smallest(what, report));
  SUCCEED();
}

Report explore_bounded(Scenario const& scenario, unsigned bound, Limits const& limits) {
  return explore(scenario, *bounded(bound, scenario.time_jumps), limits);
}

void explore_all(Case const& what, Scenario const& scenario, Limits const& limits) {
  Report const report = explore(scenario, *dpor(scenario.time_jumps), limits);
  judge(what, "dpor", report);
  if (limits.executions == UINT64_MAX) CHECK(report.exhausted);
}

}  // namespace

std::string saved(char const* id, Scenario const& scenario, Schedule const& schedule) {
  std::string const folder{environment("MICA_REPORT")};
  if (folder.empty()) return {};
  std::string const page = write_reports(tell(record(scenario, schedule), id), folder, id);
  return page.empty() ? "\nno report could be written to " + folder : "\nreport: " + page;
}

void try_case(Case const& what, void (*body)(Window& window)) {
  bool const races = environment("MICA_RACES") != "0";
  Scenario const scenario{what.processors, what.time_jumps, races, body};
  if (std::string_view const line = environment("MICA_REPLAY"); !line.empty())
    return replay(what, scenario, line);
  std::uint64_t const each = number(environment("MICA_SCHEDULES"), 200);
  if (environment("MICA_DPOR") == "1") {
    if (what.loop_free) return explore_all(what, scenario, {.executions = each});
    SUCCEED("not one that source-DPOR comes to the end of");
    return;
  }
  if (std::string_view const bound = environment("MICA_BOUND"); !bound.empty()) {
    auto const most = static_cast<unsigned>(number(bound, 0));
    return judge(what, "explored", explore_bounded(scenario, most, {.executions = each}));
  }
  judge(what, "explored",
        explore(scenario, std::max<std::uint64_t>(1, each * what.share_percent / 100)));
  if (what.loop_free) explore_all(what, scenario, {});
  if (what.bound < 0) return;
  Report const report = explore_bounded(scenario, static_cast<unsigned>(what.bound), {});
  judge(what, "bounded", report);
  CHECK(report.exhausted);
}

}  // namespace mica::explore
