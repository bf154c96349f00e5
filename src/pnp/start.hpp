// Devices that are found, until they are started with all that hangs from them.
//   For the worker. IRQL PASSIVE_LEVEL.     [MSDN "Adding a PnP Device to a Running System"]
#pragma once

#include "pnp/node.hpp"

namespace mica::pnp {

// Starts the device that was found, and then what is found below it, one level after the other.
// What its own start says (device.hpp); STATUS_SUCCESS too of a child that has no driver. One that
// did not start is removed.
[[nodiscard]] NTSTATUS NTAPI start_tree(Node& node) noexcept;

// Asks a started device's drivers what hangs from it: who is not there any more is lost, who came
// is started with all that hangs from it.
void NTAPI enumerate(Node& node) noexcept;

// Starts the children that no driver was found for yet.
void NTAPI start_driverless() noexcept;

// Asks a started device's drivers how it is. False: it failed, or is gone; and now it is lost.
bool NTAPI is_in_order(Node& node) noexcept;

}  // namespace mica::pnp
