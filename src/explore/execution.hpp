// One execution of a scenario, and how it ended.
#pragma once

#include <mica/system.hpp>

#include <functional>
#include <optional>
#include <string>

#include "explore/memory_model.hpp"
#include "explore/race.hpp"
#include "explore/schedule.hpp"
#include "explore/strategy.hpp"
#include "explore/window.hpp"

namespace mica::explore {

struct Scenario {
  unsigned processors = 2;
  bool time_jumps = false;                 // timers may expire long before code is done
  bool races = true;                       // whether they are looked for
  bool leaks = false;                      // whether the body must free what it allocates
  bool shortage = false;                   // whether allocations may find no memory
  std::function<void(Window& window)> body{};  // in a system thread; opens and closes the window
  bool resumes = true;  // from where the window opened: only if the body is instrumented
  Points points = Points::all;
  bool images = false;    // whether the body loads drivers' images, whose faults are the kernel's
  std::string options{};  // the kernel's command line
  // Of an execution that failed, once it is over: what a person should know beyond how it ended, in
  // whole lines.
  std::function<std::string()> tells{};
  MemoryModel memory = MemoryModel::sequential;
  MemoryFlaw memory_flaw = MemoryFlaw::none;
};

enum class Verdict : std::uint8_t {
  passed,
  assertion,       // a check failed
  race,            // two accesses that nothing orders
  deadlock,        // nobody can go on
  livelock,        // somebody goes on, and nothing comes of it: the step limit
  bugcheck,        // KeBugCheckEx
  fault,           // the executive broke the machine's contract
  leak,            // pool blocks are left at the end (Scenario::leaks)
  memory,          // the System's memory or log was used up
  nondeterminism,  // the same schedule made another execution
};
[[nodiscard]] std::string_view name_of(Verdict verdict) noexcept;

struct Execution {
  Verdict verdict = Verdict::passed;
  Outcome outcome;
  std::uint64_t fingerprint = 0;  // of the switches and interrupts in the window
  std::uint32_t decisions = 0;    // which processor steps, with a choice
  std::uint32_t switches = 0;     // decisions for another processor than before
  std::uint64_t points = 0;       // atomic operations of explored code in the window
  std::uint64_t steps = 0;
  std::optional<std::uint64_t> state;  // the final one, if the scenario tells it (Window::state)
  std::string log;
  std::optional<Race> race;
  std::string waits;  // of a deadlock: who waits for what
  std::string leaks;  // which blocks are left
  std::string told;   // what the scenario says of its end (Scenario::tells)

  // Whether nothing tells the two apart.
  [[nodiscard]] bool same_as(Execution const& other) const noexcept {
    return verdict == other.verdict && fingerprint == other.fingerprint &&
           decisions == other.decisions && steps == other.steps && state == other.state;
  }
  // What a person needs: log, how it ended, race or wait-for graph.
  [[nodiscard]] std::string text() const;
};

// In a System of its own, by name. One that ends with a race is made twice, to say where the first
// access was.
[[nodiscard]] Execution execute(Scenario const& scenario, Schedule const& schedule);

}  // namespace mica::explore
