// The spin hint that a processor is at.
#pragma once

#include "hal_host/simulation.hpp"

namespace mica::explore {

struct Hint {
  enum class Phase : std::uint8_t { none, waits, tries } phase = Phase::none;
  hal_host::Guard guard{};
  hal_host::Seat* seat = nullptr;

  // Neither the word nor an interrupt lets the processor go on.
  [[nodiscard]] bool holds() const noexcept {
    if (phase != Phase::waits || guard.open()) return false;
    hal_host::Core const& core = seat->block->core;
    return !deliverable(core, core.pending | seat->wire.load(std::memory_order_relaxed));
  }
};

}  // namespace mica::explore
