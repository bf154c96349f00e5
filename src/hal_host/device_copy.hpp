// Instructions with one operand in a device's memory, all but those of strings: a copy is executed,
// with that operand elsewhere, between reading the device and writing to it.
#pragma once

#include <cstddef>

#include "hal/extended_state.hpp"
#include "hal_host/device_instruction.hpp"

namespace mica::hal_host {

// The code's extended registers. Of the calling convention's registers nothing else is there to be
// kept.
struct Extended {
  alignas(hal::extended_alignment) std::byte area[hal::largest_extended_area];
};

// False: it is none of these, and nothing has changed.
[[nodiscard]] bool execute_copy(DeviceInstruction& instruction, Extended& extended) noexcept;

}  // namespace mica::hal_host
