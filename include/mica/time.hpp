// Virtual time, as the callable of System::run moves it.
#pragma once

#include <chrono>

namespace mica {

// Lets so much time pass; then all that became due has run, and what that made ready has run as far
// as it goes, if it does not wait for the caller or for time. In the deterministic mode this takes
// no time of the host's. Called inside a run, at PASSIVE_LEVEL.
void advance(std::chrono::nanoseconds duration);

}  // namespace mica
