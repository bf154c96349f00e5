// One recorded execution as a person reads it: what each report (report.hpp) tells in its own form.
#pragma once

#include <string>
#include <vector>

#include "explore/recorder.hpp"

namespace mica::explore {

struct Moment {
  std::uint64_t number = 0;
  unsigned processor = 0;
  KIRQL level = 0;
  bool masked = false;
  bool deviation = false;
  bool wrong = false;              // the access, or the step, that went wrong
  std::string who;                 // thread or interrupt
  std::string what;                // "update 'event' 0x1 -> 0x81"
  std::string note;                // "takes a lock", "wakes thread 5"
  std::string place;               // innermost, in code that is looked at
  std::vector<std::string> stack;  // from there outwards
};

// Moments by their index.
struct Hold {
  unsigned processor = 0;
  std::size_t from = 0;
  std::size_t to = 0;
  std::string name;
};
struct Arrow {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string label;
};

struct Story {
  std::string title;
  std::string verdict;
  std::string replay;  // MICA_REPLAY=...
  std::string ending;  // log, how it ended, race or wait-for graph
  unsigned processors = 0;
  std::vector<Moment> moments;
  std::vector<Hold> holds;    // of spin locks and of objects' own
  std::vector<Arrow> arrows;  // wakes and interrupts
};

// `id`: what the replay line calls the test.
[[nodiscard]] Story tell(Recording const& recording, std::string const& id);

// "PASSIVE", "DISPATCH", "level 5".
[[nodiscard]] std::string name_of_level(KIRQL level);

}  // namespace mica::explore
