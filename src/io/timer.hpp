// Timers of devices: one clock for all of them, which ticks while any runs.
#pragma once

#include "io/state.hpp"

namespace mica::io {

void NTAPI initialize_timers(Timers& timers) noexcept;

}  // namespace mica::io
