// String instructions on ports and devices' memory: ins, outs, movs, stos, lods, with and without
// rep. They are done here, one element after the other.
#pragma once

#include "hal_host/device_instruction.hpp"

namespace mica::hal_host {

// False: it is a string instruction of another kind, or by FS or GS, and nothing has changed.
[[nodiscard]] bool pass_strings(DeviceInstruction& instruction) noexcept;

}  // namespace mica::hal_host
