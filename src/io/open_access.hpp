// Whether a device's security descriptor lets somebody open it, or a file on it.
#pragma once

#include "io/state.hpp"
#include "ob/type.hpp"

namespace mica::io {

// Judges who speaks as user mode, or wants to be judged. What they asked for becomes what they are
// granted. IRQL PASSIVE_LEVEL. STATUS_ACCESS_DENIED, STATUS_PRIVILEGE_NOT_HELD,
// STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI judge_open(DEVICE_OBJECT& device, ob::ParseRequest& request) noexcept;

}  // namespace mica::io
