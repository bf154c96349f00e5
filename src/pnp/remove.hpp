// The end of a device, for the worker.
#pragma once

#include "pnp/node.hpp"

namespace mica::pnp {

// Has its drivers remove it, and lets it go.
void NTAPI remove(Node& node) noexcept;
// Tells its drivers that it is gone; they remove it now, or when the last file on it is closed.
void NTAPI lose(Node& node) noexcept;

}  // namespace mica::pnp
