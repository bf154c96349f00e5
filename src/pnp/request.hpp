// Requests of plug and play to the stack of a device. They are waited for. IRQL PASSIVE_LEVEL, in a
// system thread, with nothing held.                        [MSDN "Plug and Play Minor IRPs"]
#pragma once

#include <nt/io.h>

namespace mica::pnp {

// `asked` has the minor function and its parameters. The lowest device is where the stack is found;
// the request goes to its top. STATUS_NOT_SUPPORTED: no driver answered. Without memory
// STATUS_INSUFFICIENT_RESOURCES, or another try after a while.
enum class WithoutMemory : bool { fails, waits };
[[nodiscard]] IO_STATUS_BLOCK NTAPI send(DEVICE_OBJECT& lowest, IO_STACK_LOCATION const& asked,
                                         WithoutMemory without = WithoutMemory::fails) noexcept;

// The same of one that has no parameters.
[[nodiscard]] IO_STATUS_BLOCK NTAPI send(DEVICE_OBJECT& lowest, UCHAR minor,
                                         WithoutMemory without = WithoutMemory::fails) noexcept;

}  // namespace mica::pnp
