// A test that explores a scenario.
//   MICA_EXPLORE("W1-event", "W1: what it says", {.processors = 2}) { ... }
//   The body has `window`. MICA_EXPLORE, MICA_REPLAY and MICA_REPORT in the environment say how
//   each is explored (explore/settings.hpp); by default 200 distinct seeded schedules, and what the
//   case can be exhausted by.
#pragma once

#include "catch.hpp"
#include "explore/exploring.hpp"
#include "team.hpp"

namespace mica::explore {

struct Case {
  char const* id;
  unsigned processors = 2;
  bool time_jumps = false;
  bool loop_free = false;        // also every execution that conflicts tell apart (dpor.hpp)
  int bound = -1;                // also every schedule with at most so many deviations; -1: no
  bool leaks = false;            // what is allocated must be freed
  bool shortage = false;         // allocations may find no memory
  unsigned share_percent = 100;  // of the schedules that are asked for: less for a small space
  MemoryModel memory = MemoryModel::sequential;  // when nobody asks for another
};

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
