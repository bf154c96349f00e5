// What a person sees while explorations run: on a terminal one line, written over and over; else
// a line every ten seconds.
#pragma once

#include <chrono>
#include <set>

#include "results.hpp"

namespace mica::tool {

class Progress {
 public:
  // `lines` is where results go, one line each when it has ended; `names`: how many there are.
  Progress(std::FILE* lines, std::size_t names);
  ~Progress() { clear(); }
  Progress(Progress const&) = delete;
  Progress& operator=(Progress const&) = delete;

  void show(Results const& results);
  // Everything that has not been told yet.
  void finish(Results const& results);

 private:
  using Clock = std::chrono::steady_clock;

  void tell_ended(Results const& results);
  [[nodiscard]] std::string line(Results const& results);
  void clear();

  std::FILE* lines_;
  std::size_t names_;
  bool terminal_;
  bool shown_ = false;
  std::set<std::pair<std::string, std::string>> told_;
  Clock::time_point last_ = Clock::now();
  std::uint64_t last_executions_ = 0;
};

}  // namespace mica::tool
