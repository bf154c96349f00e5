// Devices of the current System, for code that runs inside of it.
//   PASSIVE_LEVEL, in a system thread; as System's members of these names otherwise.
#pragma once

#include <mica/device.hpp>

#include "pnp/description.hpp"

namespace mica::harness {

// One without a driver is there, and that is all.
[[nodiscard]] std::int32_t add_device(pnp::Description const& device);
[[nodiscard]] std::int32_t remove_device(std::string_view name);
[[nodiscard]] std::int32_t lose_device(std::string_view name);
[[nodiscard]] Registers* registers(std::string_view device);
[[nodiscard]] bool interrupt(std::string_view device);

}  // namespace mica::harness
