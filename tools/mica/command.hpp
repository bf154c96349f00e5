// What the commands of the tool share: a file each, an exit status, a way to say what is wrong.
#pragma once

#include <CLI/CLI.hpp>

#include <stdexcept>
#include <string>
#include <vector>

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

// Each adds a command. When it has run, `status` is the tool's. `rest`: what stood after `--`.
void add_explore(CLI::App& tool, std::vector<std::string> rest, int& status);
void add_imports(CLI::App& tool, int& status);
void add_run(CLI::App& tool, int& status);

}  // namespace mica::tool
