// The drivers of a device are called to put theirs above it.        [MSDN AddDevice]
#pragma once

#include "pnp/description.hpp"
#include "pnp/state.hpp"

namespace mica::pnp {

// AddDevice of the lower filters, of the driver, of the upper filters, which are loaded if they are
// not there. The first error ends it. For the worker. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI build_stack(DEVICE_OBJECT& device,
                                         Description const& described) noexcept;

}  // namespace mica::pnp
