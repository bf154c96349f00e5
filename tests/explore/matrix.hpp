// Crosses operations: any two meet, each on a processor of its own, on the same things.
//   Things is made before the window opens. begins(number) runs in each of the two threads first,
//   ends() when both are done and the window is closed.
#pragma once

#include <string>

#include "rig.hpp"

namespace mica::explore {

template <class Things>
struct Operation {
  char const* name;
  void (*run)(Things& things);
};

// Which two meet in the execution that comes: a scenario has no arguments.
template <class Things>
inline Operation<Things> const* meeting[2];

template <class Things>
void meet(Window& window) {
  Things things;
  auto const run = [&](int number) {
    things.begins(number);
    meeting<Things>[number] -> run(things);
  };
  auto first = [&] { run(0); };
  auto second = [&] { run(1); };
  {
    Team team{window};
    team.add(first, {.processor = 0});
    team.add(second, {.processor = 1});
    team.run();
  }
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
