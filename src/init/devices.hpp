// The devices of the RAM disk: those that its files *.devices describe (docs/pnp.md).
#pragma once

namespace mica::init {

// Plugs them in, in their order, and says what came of each. Whether all are there. IRQL
// PASSIVE_LEVEL.
[[nodiscard]] bool add_devices() noexcept;
// Removes those that are there. Whether all went. IRQL PASSIVE_LEVEL.
[[nodiscard]] bool remove_devices() noexcept;

}  // namespace mica::init
