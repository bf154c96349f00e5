// What a command of the tool comes to, and how it says what is wrong.
#pragma once

#include <stdexcept>

namespace mica::tool {

enum Status : int {
  nothing_found = 0,
  failure_found = 1,
  wrong_use = 2,
  program_broke = 3,
  driver_refused = 3,
  system_ended = 4,
};

// what() is one line of cause.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The program that was run did what no working one does. what() is one line.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace mica::tool
