// What an exploration tells a program that watches: a line of JSON for each event.
//   {"event":"begin","name":ID,"strategy":..,"processors":n,"preemptions":n|null,"memory":..,
//    "shard":"1/4","seed":n|null}
//   {"event":"progress","name":ID,"executions":n,"distinct":n,"longest":n,"depth":n,
//    "left":n|null,"points":n,"seconds":x}                            about twice a second
//   {"event":"end","name":ID,"verdict":..,"exhausted":bool,"executions":n,"distinct":n,
//    "final_states":n|null,"longest":n,"points":n,"switches":n,"seconds":x,
//    "replay":"ID:SCHEDULE"|null,"report":path|null,"text":..}
//   "verdict" is one of those of an execution, or "skipped": then "text" says why. "left" is an
//   estimate of the executions that are left of a search; "depth" is of the last execution, in
//   choices. Each line is one write, so several processes may share a file.
#pragma once

#include <optional>
#include <string>

#include "explore/explorer.hpp"

namespace mica::explore {

class Events {
 public:
  // To a file, or to a descriptor if it is a number; empty: to nowhere. Throws
  // std::invalid_argument when it cannot be opened.
  explicit Events(std::string const& where);
  ~Events();
  Events(Events const&) = delete;
  Events& operator=(Events const&) = delete;

  struct Beginning {
    std::string_view id;
    std::string_view strategy;
    unsigned processors;
    std::optional<unsigned> preemptions;
    std::string_view memory;
    Shard shard;
    std::optional<std::uint64_t> seed;
  };
  void begin(Beginning const& what) const;
  void progress(std::string_view id, Tally const& tally, Reach const& reach) const;
  struct Ending {
    std::string_view id;
    std::string_view verdict;
    bool exhausted = false;
    std::optional<std::string> replay;  // ID:SCHEDULE
    std::optional<std::string> report;  // a path
    std::string_view text;
  };
  void end(Ending const& what, Tally const& tally) const;
  void listed(std::string_view id) const;

  [[nodiscard]] bool wanted() const noexcept { return descriptor_ >= 0; }

 private:
  void write(std::string line) const;

  int descriptor_ = -1;
  bool ours_ = false;
};

}  // namespace mica::explore
