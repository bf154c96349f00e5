// Small programs with clocks and interrupts on bare processors: no executive above the machine.
//   A program is a list of operations for each processor, over two cells: they read and write, look
//   what time it is, arm the clock, keep interrupts away, wait for one or send one. A clock's
//   interrupt adds to one cell, another processor's to the other. The final state says every value
//   that was read, by interrupts too, and what the cells hold.
#pragma once

#include <string>
#include <vector>

#include "explore/strategy.hpp"
#include "hal_host/policy.hpp"

namespace mica::explore {

struct Timed {
  enum class Kind : std::uint8_t {
    load,
    add,
    time,   // which tick it is
    arm,    // for the next tick
    later,  // for the one after that
    stall,  // for a tick
    mask,   // adds at HIGH_LEVEL
    await,  // until the cell is not 0
    halt,   // until an interrupt came
    send,   // an interrupt to the other processor
  };
  Kind kind;
  unsigned cell;
};
// Two processors.
struct TimedProgram {
  std::vector<Timed> processors[2];
};

// One to three operations each: the same for the same seed.
[[nodiscard]] TimedProgram generate_timed(std::uint64_t seed);

// The final state of the execution that the strategy has begun. Time jumps at will once.
[[nodiscard]] std::string perform(TimedProgram const& program, Strategy& strategy);

}  // namespace mica::explore
