// One execution of a scenario, and how it ended.
#pragma once

#include <mica/system.hpp>

#include <optional>
#include <string>

#include "explore/race.hpp"
#include "explore/schedule.hpp"
#include "explore/strategy.hpp"
#include "explore/window.hpp"

namespace mica::explore {

struct Scenario {
  unsigned processors = 2;
  bool time_jumps = false;                 // timers may expire long before code is done
  bool races = true;                       // whether they are looked for
  void (*body)(Window& window) = nullptr;  // in a system thread; opens and closes the window
};

enum class Verdict : std::uint8_t {
  passed,
  assertion,       // a check failed
  race,            // two accesses that nothing orders
  deadlock,        // nobody can go on
  livelock,        // somebody goes on, and nothing comes of it: the step limit
  bugcheck,        // KeBugCheckEx
  fault,           // the executive broke the machine's contract
  memory,          // the System's memory or log was used up
  nondeterminism,  // the same schedule made another execution
};
[[nodiscard]] std::string_view name_of(Verdict verdict) noexcept;

struct Execution {
  Verdict verdict = Verdict::passed;
  Outcome outcome;
  std::uint64_t fingerprint = 0;  // of the switches and interrupts in the window
  std::uint32_t decisions = 0;    // which processor steps, with a choice
  std::uint64_t steps = 0;
  std::string log;
  std::optional<Race> race;
  std::string waits;  // of a deadlock: who waits for what

  // Whether nothing tells the two apart.
  [[nodiscard]] bool same_as(Execution const& other) const noexcept {
    return verdict == other.verdict && fingerprint == other.fingerprint &&
           decisions == other.decisions && steps == other.steps;
  }
  // What a person needs: log, how it ended, race or wait-for graph.
  [[nodiscard]] std::string text() const;
};

// The strategy has begun it.
[[nodiscard]] Execution execute(Scenario const& scenario, Strategy& strategy);

// By name. One that ends with a race is made twice, to say where the first access was.
[[nodiscard]] Execution execute(Scenario const& scenario, Schedule const& schedule);

}  // namespace mica::explore
