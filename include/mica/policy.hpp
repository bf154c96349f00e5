// Every choice of a deterministic run goes through one interface.
//   Candidates are numbered from 0; choose() is asked only when there is more than one. A trace is
//   the vector of what it answered, so replaying is a policy too. Called from inside the
//   simulation: it must not call NT routines, and what it answers must not depend on addresses or
//   on time.
#pragma once

#include <cstdint>

namespace mica {

enum class Choice : std::uint8_t {
  gap,  // scheduling points until the next decision, less one; candidate 0 is "decide at the next"
  processor,  // which processor steps: an index into the ones that can
  interrupt,  // whether a requested interrupt lands now: 1 yes
  time,       // whether time jumps to the earliest armed clock: 1 yes
  value,      // a number that a test asks for; the machine never does
  load,       // which of several stores a load sees, 0 the newest; the machine never asks
  shortage,   // whether an allocation finds no memory: 1 yes; asked only where a test wants that
};

struct Candidates {
  std::uint32_t count;
  std::uint32_t processors;  // processor, time: mask of those that can step, ascending
  std::uint32_t current;     // processor, time: the one that stepped last
};

class Policy {
 public:
  virtual ~Policy() = default;
  [[nodiscard]] virtual std::uint32_t choose(Choice kind,
                                             Candidates const& candidates) noexcept = 0;
};

}  // namespace mica
