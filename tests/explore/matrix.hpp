// Crosses operations: any two meet, each on a processor of its own, on the same things.
//   Things is made before the window opens. begins() runs before each of the two, ends() when both
//   are done and the window is closed.
#pragma once

#include <string>

#include "crew.hpp"
#include "rig.hpp"

namespace mica::explore {

template <class Things>
struct Operation {
  char const* name;
  void (*run)(Things& things);
};

// A word that a lock guards: plain, so that two inside are a race. Each of the two writes at most
// once.
struct Guarded {
  int value = 0;
  std::atomic<int> writes{0};

  void write() noexcept {
    ++value;
    ++writes;
  }
  void read() const noexcept { MICA_CHECK(value <= 2); }
};

// Which two meet in the execution that comes: a scenario has no arguments.
template <class Things>
inline Operation<Things> const* meeting[2];

template <class Things>
void meet(Window& window) {
  Things things;
  auto program = [&](unsigned number) {
    things.begins();
    meeting<Things>[number] -> run(things);
  };
  run_together(window, {.count = 2, .level = PASSIVE_LEVEL, .leaves = true}, program);
  things.ends();
}

// With `time_jumps` timers expire anywhere.
template <class Things, std::size_t N>
void cross(Operation<Things> const (&operations)[N], bool time_jumps = false) {
  for (Operation<Things> const& first : operations) {
    for (Operation<Things> const& second : operations) {
      if (&second < &first) continue;
      meeting<Things>[0] = &first;
      meeting<Things>[1] = &second;
      std::string const id = std::string{first.name} + "+" + second.name;
      try_case({.id = id.c_str(), .processors = 2, .time_jumps = time_jumps, .share_percent = 5},
               meet<Things>);
    }
  }
}

}  // namespace mica::explore
