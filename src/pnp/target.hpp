// Those who registered for a device are told what becomes of it.
//   For the worker. IRQL PASSIVE_LEVEL.     [MSDN "Using PnP Target Device Change Notification"]
#pragma once

#include "pnp/node.hpp"

namespace mica::pnp {

// Asks whether the device may be removed; the first error ends it.
[[nodiscard]] NTSTATUS NTAPI ask_to_remove(Node& node) noexcept;
// Tells those who were asked that it stays.
void NTAPI tell_it_stays(Node& node) noexcept;
// Tells that it is gone.
void NTAPI tell_it_is_gone(Node& node) noexcept;

}  // namespace mica::pnp
