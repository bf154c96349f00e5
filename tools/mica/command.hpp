// What the commands of the tool share: a file each.
#pragma once

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

#include "wrong.hpp"

namespace mica::tool {

// Each adds a command. When it has run, `status` is the tool's. `rest`: what stood after `--`.
void add_explore(CLI::App& tool, std::vector<std::string> rest, int& status);
void add_imports(CLI::App& tool, int& status);
void add_run(CLI::App& tool, int& status);

}  // namespace mica::tool
