// Programs that begin together, one on each processor, and are all that is explored.
//   At a level of DISPATCH_LEVEL or above, so that no context is switched unless a program lowers
//   it meanwhile; only at HIGH_LEVEL may a program wait for ever, because no clock ticks there.
//   What brings them there and back is not instrumented: the programs' own operations are the only
//   ones that count.
#pragma once

#include <nt/ke.h>

#include "explore/window.hpp"

namespace mica::explore {

struct Together {
  unsigned count;  // processors: 0 to count - 1
  KIRQL level = DISPATCH_LEVEL;
  bool leaves = false;  // afterwards the other processors are free for what the programs left to do
};

// Calls program(argument, n) on each processor n while the window is open. Once in a scenario's
// body; returns on processor 0 when all have returned. The other processors stay where they are,
// unless they are to leave: there is nothing left to do but to look at what the programs did.
void run_together(Window& window, Together together,
                  void (*program)(void* argument, unsigned number), void* argument) noexcept;

template <class Program>
void run_together(Window& window, Together together, Program& program) noexcept {
  run_together(
      window, together,
      [](void* argument, unsigned number) { (*static_cast<Program*>(argument))(number); },
      &program);
}

}  // namespace mica::explore
