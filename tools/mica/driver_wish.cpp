#include <fmt/format.h>

#include <algorithm>

#include "files.hpp"
#include "run_result.hpp"
#include "script_file.hpp"
#include "symbols_file.hpp"
#include "wish.hpp"
#include "wrong.hpp"

namespace mica::tool {
namespace {

// Beside the tool, in a build folder as where it is installed.
std::filesystem::path explorer() {
  std::filesystem::path const tool = std::filesystem::read_symlink("/proc/self/exe");
  std::filesystem::path program = tool.parent_path() / MICA_DRIVER_EXPLORER;
  if (!std::filesystem::exists(program))
    throw Wrong{"drivers cannot be explored: this mica was built without the explorer"};
  return program;
}

// Replay lines end a name at a colon, and words of the environment at a blank.
void check_name(std::string const& name) {
  auto const possible = [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) || letter == '_' || letter == '-' ||
           letter == '.';
  };
  if (name.empty() || !std::ranges::all_of(name, possible))
    throw Wrong{fmt::format("'{}': --name is wanted, of letters, digits, _, - and .", name)};
}

// As a shell reads it.
std::string word(std::string const& text) {
  auto const plain = [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) ||
           std::string_view{"_-./+,:=@%"}.find(letter) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, plain)) return text;
  std::string quoted = "'";
  for (char const letter : text)
    quoted += letter == '\'' ? std::string{"'\\''"} : std::string{letter};
  return quoted + "'";
}

unsigned threads_of(script::Script const& script, std::string const& path) {
  auto const count = std::ranges::count_if(script.statements, [](auto const& statement) {
    return std::holds_alternative<script::Thread>(statement.what);
  });
  if (count == 0)
    throw Wrong{fmt::format("{}: nothing can be explored without a thread in it", path)};
  return 1 + static_cast<unsigned>(count);
}

}  // namespace

bool take_driver(Wish& wish) {
  DriverWish& driver = wish.driver;
  if (!wish.memory.empty())
    throw Wrong{"--memory means nothing to a driver: it is not instrumented"};
  if (wish.strategy == "dpor")
    throw Wrong{"--strategy dpor means nothing to a driver: what its code touches is not known"};
  unsigned const threads = threads_of(script_in(driver.script), driver.script);
  if (driver.name.empty()) driver.name = wish.program.stem().string();
  check_name(driver.name);
  std::string const options = fmt::format("{}{}", driver.traps ? "trap-missing-imports " : "",
                                          driver.verifier ? "verifier" : "");
  Config config;
  config.options = options;
  System system{config};
  std::vector<std::byte> const image = contents(driver.image);
  std::vector<std::byte> const symbols = symbols_beside(driver.image, image);
  RunResult const alone = run_driver(system, {image, symbols, driver.name, {}, {}});
  if (alone.status() != nothing_found) {
    fmt::print("{}", system.log());
    print_text(alone, driver.image, driver.script, "");
    return false;
  }
  wish.program = explorer();
  wish.arguments = {
      driver.image,  driver.script,
      driver.name,   std::to_string(driver.processors.value_or(std::min(threads, 16u))),
      driver.points, options};
  return true;
}

std::string Wish::again(std::string const& replay) const {
  std::string command =
      fmt::format("mica explore {} --script {}", word(driver.image), word(driver.script));
  if (driver.name != std::filesystem::path{driver.image}.stem())
    command += " --name " + driver.name;
  if (driver.processors) command += fmt::format(" --processors {}", *driver.processors);
  if (driver.points != "calls") command += " --points " + driver.points;
  if (driver.verifier) command += " --verifier standard";
  if (driver.traps) command += " --missing trap";
  return command + " --replay " + replay;
}

}  // namespace mica::tool
