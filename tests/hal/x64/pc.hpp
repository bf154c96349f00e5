// Cases that only a PC can pass: what drivers and debuggers know about it below the seam.
#pragma once

#include "suite.hpp"

namespace mica::hal_suite {

[[nodiscard]] std::span<Case const> pc_cases() noexcept;

// vectors.cpp
void vectors_survive_interrupts();
void vectors_survive_switches();

}  // namespace mica::hal_suite
