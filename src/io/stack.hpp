// Stacks as a whole: who plugs devices in knows one by its lowest device.
//   IRQL <= DISPATCH_LEVEL.
#pragma once

#include "io/device.hpp"

namespace mica::io {

// ---- Under the device lock.
[[nodiscard]] DEVICE_OBJECT& NTAPI lowest_of(DEVICE_OBJECT& device) noexcept;
// Whether a file is open on any device of the stack.
[[nodiscard]] bool NTAPI is_stack_open(DEVICE_OBJECT& lowest) noexcept;

// ---- Take the device lock.
// No device of a stack that is shut can be opened.
enum class Opening : bool { refused, allowed };
void NTAPI set_opening(DEVICE_OBJECT& lowest, Opening opening) noexcept;
// From now on nobody opens it. False: a file is open on it, and it can be opened still.
[[nodiscard]] bool NTAPI shut_unless_open(DEVICE_OBJECT& lowest) noexcept;
// Has State::stack_closed called as soon as no file is open on the stack, once. False: none is, and
// nobody is called.
[[nodiscard]] bool NTAPI tell_when_closed(DEVICE_OBJECT& lowest) noexcept;

}  // namespace mica::io
