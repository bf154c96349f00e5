// What the tests of the race detector have in common.
#pragma once

#include "rig.hpp"

namespace mica::explore {

inline Report tried(unsigned processors, void (*body)(Window& window),
                    std::uint64_t schedules = 100) {
  return explore({.processors = processors, .body = body}, schedules);
}

// Two threads that do the same, each where it is put.
template <class Body>
void twice(Window& window, Body body, int first, int second) {
  Team team{window};
  team.add(body, {.processor = first});
  team.add(body, {.processor = second});
  team.run();
}

inline void check_found(Report const& report, std::uint64_t at_most) {
  INFO(report.execution.text());
  REQUIRE(report.execution.race.has_value());
  CHECK(report.executions <= at_most);
  CHECK(report.execution.race->first.stack.count > 0);
  CHECK(report.execution.race->second.stack.count > 0);
  CHECK((report.execution.race->first.kind.writes || report.execution.race->second.kind.writes));
}

inline void check_none(Report const& report) {
  INFO(report.execution.text());
  CHECK_FALSE(report.failed.has_value());
}

}  // namespace mica::explore
