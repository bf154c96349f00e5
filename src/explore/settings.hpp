// What the environment asks of every exploration of a program; the only place that reads it.
//   MICA_EXPLORE  "key=value key=value ...", each key at most once:
//     name=ID          that exploration; any other is skipped
//     strategy=NAME    one way to explore (Method) instead of what the exploration asks for itself
//     preemptions=N    of bounded and portfolio: at most so many deviations from the plain
//                      execution; without strategy=: bounded
//     memory=MODEL     sequential, x86 or cxx20 (memory_model.hpp)
//     executions=N     no more than so many
//     distinct=N       seeded, random and pct: until so many distinct schedules were seen, or four
//                      times as many executions made
//     seconds=S        wall time of each exploration, only a limit
//     seed=N           the first seed, 1 by default
//     shard=I/N        the Ith of N parts, which add up to the whole
//     checkpoint=FILE  goes on from there if the file is there, and leaves there where it got to
//                      (checkpoint.hpp); a second way to explore the same uses FILE.STRATEGY
//     progress=WHERE   lines of JSON (events.hpp) to a file, or to a descriptor that is open
//     races=0|1        whether races are looked for
//     list=1           writes the names of all explorations, one a line, and explores nothing
//   MICA_REPLAY   ID:SCHEDULE as a failure printed it: that execution and no other
//   MICA_REPORT   a folder: where page, text and trace of a failure are written
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "explore/memory_model.hpp"

namespace mica::explore {

enum class Method : std::uint8_t { seeded, random, pct, bounded, dpor, depth_first, portfolio };
[[nodiscard]] std::string_view name_of(Method method) noexcept;
[[nodiscard]] std::optional<Method> method_of(std::string_view name) noexcept;

// A part of an exploration.
struct Shard {
  std::uint64_t number = 1;
  std::uint64_t count = 1;
  [[nodiscard]] bool owns(std::uint64_t piece) const noexcept {
    return piece % count == number - 1;
  }
  friend bool operator==(Shard const&, Shard const&) = default;
};

struct Settings {
  std::string name;
  std::optional<Method> method;
  std::optional<unsigned> preemptions;
  std::optional<MemoryModel> memory;
  std::uint64_t executions = UINT64_MAX;
  std::optional<std::uint64_t> distinct;
  std::chrono::nanoseconds time = std::chrono::nanoseconds::max();
  std::optional<std::uint64_t> seed;
  Shard shard;
  std::string checkpoint;
  std::string progress;
  std::optional<bool> races;
  bool list = false;
  std::string replay;
  std::string reports;

  // Nothing but its own end stops an exploration that has one.
  [[nodiscard]] bool unlimited() const noexcept {
    return executions == UINT64_MAX && time == std::chrono::nanoseconds::max();
  }
  // Whether an exploration of that name is wanted.
  [[nodiscard]] bool concerns(std::string_view id) const noexcept;
  // What MICA_REPLAY says after the name.
  [[nodiscard]] std::string_view replayed() const noexcept;

  // Throws std::invalid_argument, whose what() is one line that names the key or the value.
  [[nodiscard]] static Settings parse(std::string_view text);
  // Of this process, now. What parse() throws is written to the standard error too.
  [[nodiscard]] static Settings from_environment();
};

}  // namespace mica::explore
