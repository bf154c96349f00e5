// Jumps between flows of control. One Jump is one step of a processor; what it leaves half done,
// landing completes.
#pragma once

#include "hal_host/simulation.hpp"

namespace mica::hal_host {

struct Jump {
  // Suspends `from` (the seat this code runs for) and continues `to`, on the same OS thread.
  // Returns when somebody continues `from`.
  MICA_RAW static void hop(Seat& from, Seat& to) noexcept;
  // First thing after a hop: `left` was left standing at `left_at`.
  MICA_RAW static void land_from_hop(Seat& here, Seat& left, void* left_at) noexcept;
  // A stack prepared to run context.entry(context.argument) once it is jumped to.
  [[nodiscard]] static void* fresh(hal::Stack stack) noexcept;
};

}  // namespace mica::hal_host
