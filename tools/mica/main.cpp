// The command-line tool `mica`.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "command.hpp"

int main(int count, char** arguments) {
  using namespace mica::tool;
  CLI::App tool{"Mica: a kernel executive whose schedules are explored", "mica"};
  tool.set_version_flag("--version", "mica " MICA_VERSION);
  tool.require_subcommand(1);
  int status = nothing_found;
  char** const end = arguments + count;
  char** const cut = std::find(arguments, end, std::string_view{"--"});
  add_explore(tool, {cut == end ? end : cut + 1, end}, status);
  add_imports(tool, status);
  add_run(tool, status);
  try {
    tool.parse(static_cast<int>(cut - arguments), arguments);
    return status;
  } catch (CLI::ParseError const& stop) {
    if (stop.get_exit_code() == 0) return tool.exit(stop);  // help or version
    fmt::print(stderr, "mica: {}\n", stop.what());
    return wrong_use;
  } catch (Wrong const& wrong) {
    fmt::print(stderr, "mica: {}\n", wrong.what());
    return wrong_use;
  } catch (Broken const& broken) {
    fmt::print(stderr, "mica: {}\n", broken.what());
    return program_broke;
  }
}
