// A test that explores a scenario.
//   MICA_EXPLORE("W1-event", "W1: what it says", {.processors = 2}) { ... }     the body has
//   `window` MICA_SCHEDULES in the environment: how many distinct schedules each test tries
//   (default 200). MICA_REPLAY in the environment, TEST:POLICY:SEED as a failure printed it: that
//   one execution of that test, and no other. MICA_RACES=0: races are not looked for.
//   MICA_REPORT, a folder: where the page, the text and the trace of a failure are written.
//   MICA_DPOR=1: instead of seeded schedules every execution that conflicts tell apart, of the
//   scenarios that are marked loop_free, but no more than MICA_SCHEDULES.
//   MICA_BOUND: instead of seeded schedules all with at most so many deviations (strategy.hpp), but
//   no more than MICA_SCHEDULES of them.
#pragma once

#include "catch.hpp"
#include "explore/explorer.hpp"
#include "team.hpp"

namespace mica::explore {

struct Case {
  char const* id;
  unsigned processors = 2;
  bool time_jumps = false;
  bool loop_free = false;        // also every execution that conflicts tell apart (dpor.hpp)
  int bound = -1;                // also every schedule with at most so many deviations; -1: no
  unsigned share_percent = 100;  // of the schedules that are asked for: less for a small space
};

// Where the reports of this failure were written; nothing without MICA_REPORT.
[[nodiscard]] std::string saved(char const* id, Scenario const& scenario, Schedule const& schedule);

// Fails the running Catch2 test with report, log and replay line.
void try_case(Case const& what, void (*body)(Window& window));

}  // namespace mica::explore

#define MICA_EXPLORE(name, text, ...) \
  MICA_EXPLORE_(name, text, MICA_JOIN(scenario_, __LINE__), __VA_ARGS__)
#define MICA_EXPLORE_(name, text, body, ...)                                \
  static void body(mica::explore::Window& window);                          \
  TEST_CASE(text, "[explore][" name "]") {                                  \
    mica::explore::try_case({.id = name __VA_OPT__(, ) __VA_ARGS__}, body); \
  }                                                                         \
  static void body([[maybe_unused]] mica::explore::Window& window)
