// The end of a device, for the worker. IRQL PASSIVE_LEVEL.               [MSDN "Removing a Device"]
#pragma once

#include "pnp/node.hpp"
#include "pnp/together.hpp"

namespace mica::pnp {

// Has its drivers remove it. Then it is not there any more, but for one that its bus reports still.
void NTAPI remove(Node& node) noexcept;
// Asks the drivers of all that go with it, and has them remove it.
//   STATUS_DEVICE_BUSY: a file is open on one; what a driver says that refuses. Then all stay.
[[nodiscard]] NTSTATUS NTAPI remove_if_allowed(Node& node, Going going) noexcept;
// Tells the drivers of all that go with it that it is gone; they remove each now, or when the last
// file on it is closed and nothing hangs from it any more.
void NTAPI lose(Node& node) noexcept;
// Removes a child as one that its bus is to eject, and has it do so.      [MSDN IRP_MN_EJECT]
void NTAPI eject(Node& node) noexcept;

}  // namespace mica::pnp
