// A device's resources in the form that drivers get.                       [MSDN CM_RESOURCE_LIST]
//   Nothing stands between the processors and the devices: ports and memory are translated to
//   themselves, an interrupt to its vector and the DIRQL that this has. IRQL <= DISPATCH_LEVEL.
#pragma once

#include "pnp/description.hpp"

namespace mica::pnp {

using Resources = decltype(Description::resources);

enum class Form : bool { raw, translated };

// What the list takes.
[[nodiscard]] std::size_t NTAPI bytes_of(Resources const& resources) noexcept;
// Writes that many bytes; there is at least one resource.
void NTAPI write_list(CM_RESOURCE_LIST* list, Resources const& resources, Form form) noexcept;

}  // namespace mica::pnp
