#include "explore/race.hpp"

#include <fmt/format.h>

#include <machine.hpp>

#include "explore/symbols.hpp"

namespace mica::explore {
namespace {

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

// Without the frames of what watches, and of how the machine starts a flow.
std::string describe(Backtrace const& stack) {
  auto const frames = stack.frames();
  Symbols const symbols{{frames.begin(), frames.end()}};
  std::string lines, numbers;
  for (std::uint64_t const address : frames) {
    numbers += fmt::format("  {:#x}\n", address);
    for (Place const& place : symbols.at(address)) {
      if (place.file.starts_with("src/explore/") || place.file.ends_with("/diagnosis.cpp"))
        continue;
      if (place.file.ends_with("/jump.cpp") || place.function == "??") return lines;
      lines += fmt::format("  {}\n", place.text());
    }
  }
  return lines.empty() ? numbers : lines;
}

std::string Race::text() const {
  return fmt::format("a race on {} bytes at {:#x}\n{}\n{}after {}\n{}{}\n", bytes, address,
                     what(second), describe(second.stack), what(first), describe(first.stack),
                     missing(*this));
}

}  // namespace mica::explore
