// Runs one scenario under many schedules, each in a fresh System, until one fails.
//   Half of the executions choose uniformly, half by PCT with depth 1 to 5, whose length is
//   measured first. An execution is named by a Schedule, which prints as POLICY:SEED and says all
//   that is needed to do it again.
#pragma once

#include <mica/system.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "explore/race.hpp"
#include "explore/window.hpp"

namespace mica::explore {

struct Schedule {
  std::uint64_t seed = 0;
  unsigned depth = 0;        // 0: uniform
  std::uint32_t length = 0;  // PCT's

  [[nodiscard]] std::string text() const;
  [[nodiscard]] static std::optional<Schedule> parse(std::string_view text);
};

struct Scenario {
  unsigned processors = 2;
  bool time_jumps = false;  // uniform schedules: timers may expire long before code is done
  bool races = true;        // whether they are looked for
  void (*body)(Window& window) = nullptr;  // in a system thread; opens and closes the window
};

struct Execution {
  Outcome outcome;
  std::uint64_t schedule;
  std::uint32_t decisions;
  std::string log;
  std::optional<Race> race;
};

// One that ends with a race is made twice: to say where the first access was.
[[nodiscard]] Execution execute(Scenario const& scenario, Schedule const& schedule);

struct Report {
  std::uint64_t executions = 0;
  std::uint64_t distinct = 0;
  std::uint32_t length = 0;  // of the longest, in decisions
  std::chrono::nanoseconds took{};
  std::optional<Schedule> failed;
  Outcome outcome;  // of the one that failed
  std::string log;
  std::optional<Race> race;
};

// Until `wanted` distinct schedules were seen, 4 * wanted executions were made, or one failed.
// Seeds count from 1.
[[nodiscard]] Report explore(Scenario const& scenario, std::uint64_t wanted);

}  // namespace mica::explore
