#include "explore/race.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string_view>

#include <machine.hpp>

namespace mica::explore {
namespace {

struct PipeCloser {
  void operator()(std::FILE* pipe) const noexcept { static_cast<void>(::pclose(pipe)); }
};

std::string output_of(std::string const& command) {
  std::unique_ptr<std::FILE, PipeCloser> const pipe{::popen(command.c_str(), "r")};
  std::string text;
  char buffer[512];
  while (pipe && std::fgets(buffer, sizeof buffer, pipe.get())) text += buffer;
  return text;
}

// Without the frames of what watches, and of how the machine starts a flow: "  function at place"
// each.
std::string inside(std::string_view lines) {
  std::string kept;
  while (!lines.empty()) {
    std::size_t const end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    std::string_view const line = lines.substr(0, end);
    lines.remove_prefix(end);
    if (line.find("/src/explore/") != line.npos || line.find("/diagnosis.cpp") != line.npos)
      continue;
    if (line.find("/jump.cpp") != line.npos || line.starts_with("??")) break;
    kept += fmt::format("  {}", line);
  }
  return kept;
}

std::string what(Access const& access) {
  return fmt::format("{}{} by {}{}{}", access.kind.atomic ? "atomic " : "",
                     access.kind.writes ? "write" : "read", access.agent.name(),
                     access.at_dispatch ? " at DISPATCH_LEVEL or above" : " below DISPATCH_LEVEL",
                     access.processor < 0 ? "" : fmt::format(" on processor {}", access.processor));
}

std::string missing(Race const& race) {
  std::string const first = race.first.agent.name(), second = race.second.agent.name();
  std::string text = fmt::format("missing: {} has released {} times since its access; ", first,
                                 race.now - race.made);
  text += race.known == 0 ? fmt::format("{} has acquired nothing of it", second)
                          : fmt::format("{} has acquired nothing newer than {} releases before it",
                                        second, race.made - 1 - race.known);
  if (race.first.processor == race.second.processor && !race.first.at_dispatch)
    text +=
        ". They share a processor, but IRQL orders only what is done at DISPATCH_LEVEL or above";
  return text;
}

}  // namespace

void Backtrace::take() noexcept {
  count = Machine::backtrace(0, addresses.data(), addresses.size());
}

// Asked of binutils, a module at a time being too much trouble: code under test is in the program.
std::string describe(Backtrace const& stack) {
  Dl_info module;
  std::string const command = fmt::format("addr2line -Cfpi -e /proc/{}/exe", ::getpid());
  std::string addresses;
  for (std::uint64_t const address : stack.frames()) {
    if (!::dladdr(reinterpret_cast<void*>(address), &module)) continue;
    addresses +=
        fmt::format(" {:#x}", address - 1 - reinterpret_cast<std::uint64_t>(module.dli_fbase));
  }
  std::string const text = output_of(command + addresses + " 2>/dev/null");
  return text.empty() ? addresses + "\n" : inside(text);
}

std::string Race::text() const {
  return fmt::format("a race on {} bytes at {:#x}\n{}\n{}after {}\n{}{}\n", bytes, address,
                     what(second), describe(second.stack), what(first), describe(first.stack),
                     missing(*this));
}

}  // namespace mica::explore
