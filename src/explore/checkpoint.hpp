// How far an exploration came, in a file: another process goes on from there, and makes exactly the
// executions that this one would have made.
//   Written anew every few seconds, and at the end; the file is always whole. It names what is
//   explored, how, and the program itself: for anything else it is refused. Source-DPOR has none.
#pragma once

#include <optional>
#include <string>

#include "explore/explorer.hpp"

namespace mica::explore {

class Checkpoint {
 public:
  // `path`: empty: none is kept. `identity`: one line.
  Checkpoint(std::string path, std::string_view identity);

  // What `strategy` has come to, which goes on from there. None: there is no such file. Throws
  // std::invalid_argument when it is of another exploration or damaged.
  [[nodiscard]] std::optional<Tally> load(Strategy& strategy) const;
  // If it is time to. Throws std::invalid_argument when the file cannot be written.
  void keep(Tally const& tally, Strategy const& strategy);
  void save(Tally const& tally, Strategy const& strategy) const;

 private:
  std::string path_;
  std::string identity_;
  std::chrono::steady_clock::time_point next_;
};

}  // namespace mica::explore
