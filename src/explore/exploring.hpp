// One exploration: as it asks for itself, and as the environment wants it.
//   Tells whoever watches how it goes (events.hpp); a failure is made smaller, told and reported.
//   Throws std::invalid_argument when a setting cannot be met.
#pragma once

#include <vector>

#include "explore/explorer.hpp"

namespace mica::explore {

struct Subject {
  std::string id;
  Scenario scenario;
  bool loop_free = false;  // source-DPOR comes to its end
  unsigned bound = 2;      // when nobody says how many deviations there may be
  // What the scenario reads from outside of the program, in one line: a checkpoint is of that.
  std::string input{};

  // The memory model and whether races are looked for, as the environment wants them.
  void meet(Settings const& settings) noexcept;
};

// One way to explore it.
struct Plan {
  Method method = Method::seeded;
  unsigned bound = 2;  // of bounded and portfolio
  Limits limits{};
  std::uint64_t seed = 1;    // the first
  std::string checkpoint{};  // a file; empty: none
};

struct Explored {
  Report report;
  std::string replay;  // of a failure: ID:SCHEDULE
  std::string page;    // of a failure: where it was reported; empty: MICA_REPORT is not set
  std::string text;    // of a failure: all that a person needs

  [[nodiscard]] bool failed() const noexcept { return report.failed.has_value(); }
};

// What is explored instead of `own`, with the limits that the environment sets. Empty: nothing, and
// that was told.
[[nodiscard]] std::vector<Plan> plans_of(Subject const& subject, std::vector<Plan> own,
                                         Settings const& settings);

// Writes the name, where list=1 wants it.
void list(std::string_view id, Settings const& settings);

[[nodiscard]] Explored explore(Subject const& subject, Plan const& plan, Settings const& settings);

// The execution that MICA_REPLAY names.
[[nodiscard]] Explored replay(Subject const& subject, Settings const& settings);

// Reports that execution into the folder MICA_REPORT. The page's path; empty: it is not set.
[[nodiscard]] std::string saved(Subject const& subject, Schedule const& schedule,
                                Settings const& settings);

}  // namespace mica::explore
