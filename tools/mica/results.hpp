// What explorations came to, told by events of the programs that ran them, summed over parts.
//   The order is that in which the jobs were given, not that in which they ended.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace mica::tool {

struct Shard {
  std::uint64_t number = 1;
  std::uint64_t count = 1;
  [[nodiscard]] std::string text() const;
};

// One exploration, or a part of it, that a process of its own runs.
struct Job {
  std::string name;
  Shard shard;
};

struct Counts {
  std::uint64_t executions = 0;
  std::uint64_t distinct = 0;
  std::uint64_t points = 0;
  std::uint64_t switches = 0;
  std::uint32_t longest = 0;
  std::uint32_t depth = 0;
  double seconds = 0;
  std::optional<std::uint64_t> final_states;
  std::optional<double> left;  // how many executions more, when that can be said
};

struct Part {
  Shard shard;
  Counts counts;
  bool ended = false;
  bool exhausted = false;
};

struct Failure {
  std::string verdict, replay, report, text;
};

// What one strategy came to; a name may be explored in several ways, one after the other.
struct Exploration {
  std::string name, strategy, memory;
  unsigned processors = 0;
  std::optional<unsigned> preemptions;
  std::optional<std::uint64_t> seed;
  std::vector<Part> parts;
  std::optional<Failure> failure;
  std::optional<std::string> skipped;  // why nothing was explored

  // The part that this job runs; null when it is of another exploration or has not begun.
  [[nodiscard]] Part const* part(Job const& job) const;
  // Executions, distinct schedules and seconds are added up; two parts may have seen the same
  // schedule or state, so of final states the most that one part saw is told.
  [[nodiscard]] Counts sum() const;
  [[nodiscard]] bool ended() const;
  [[nodiscard]] bool exhausted() const;
  [[nodiscard]] std::string verdict() const;
};

class Results {
 public:
  explicit Results(std::vector<std::string> const& names) : names_{names} {}

  // Throws Broken when the line is no event, or none that may come now.
  void take(Job const& job, std::string const& line);

  [[nodiscard]] bool knows(Job const& job) const;     // a begin came
  [[nodiscard]] bool complete(Job const& job) const;  // and an end for each of them
  [[nodiscard]] bool failed(std::string const& name) const;
  // In order; where a part of a name was explored, not those parts that had nothing to explore.
  [[nodiscard]] std::vector<Exploration const*> all() const;

 private:
  void begin(Job const& job, nlohmann::json const& event);
  void skip(Job const& job, nlohmann::json const& event);
  [[nodiscard]] std::pair<Exploration*, Part*> open_part(Job const& job);

  [[nodiscard]] std::vector<Exploration const*> of(std::string const& name) const;

  std::vector<std::string> names_;
  std::vector<Exploration> explorations_;
};

// The name that an event of a program's list tells; throws Broken when it is no such event.
[[nodiscard]] std::string listed_name(std::string const& line);
// One line of what it came to.
[[nodiscard]] std::string line_of(Exploration const& exploration);
[[nodiscard]] nlohmann::ordered_json json_of(Exploration const& exploration);

}  // namespace mica::tool
