#include "rig.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace mica::explore {
namespace {

std::string_view environment(char const* name) {
  char const* const value = std::getenv(name);
  return value ? value : "";
}

std::uint64_t wanted(Case const& what) {
  std::string const text{environment("MICA_SCHEDULES")};
  std::uint64_t const each = text.empty() ? 200 : std::strtoull(text.c_str(), nullptr, 10);
  return std::max<std::uint64_t>(1, each * what.share_percent / 100);
}

std::string story(Case const& what, Schedule const& schedule, Outcome const& outcome,
                  std::string const& log, std::optional<Race> const& race) {
  return fmt::format("{}\n{}\n{}MICA_REPLAY={}:{}", log, outcome.report(), race ? race->text() : "",
                     what.id, schedule.text());
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
  INFO(story(what, *schedule, execution.outcome, execution.log, execution.race));
  REQUIRE(execution.outcome.completed());
}

}  // namespace

void try_case(Case const& what, void (*body)(Window& window)) {
  bool const races = environment("MICA_RACES") != "0";
  Scenario const scenario{what.processors, what.time_jumps, races, body};
  if (std::string_view const line = environment("MICA_REPLAY"); !line.empty())
    return replay(what, scenario, line);
  Report const report = explore(scenario, wanted(what));
  fmt::print("explored {:<20} executions {:>6} distinct {:>6} longest {:>6} milliseconds {:>6}\n",
             what.id, report.executions, report.distinct, report.length,
             std::chrono::duration_cast<std::chrono::milliseconds>(report.took).count());
  if (!report.failed) {
    SUCCEED();
    return;
  }
  FAIL("execution " << report.executions << "\n"
                    << story(what, *report.failed, report.outcome, report.log, report.race));
}

}  // namespace mica::explore
