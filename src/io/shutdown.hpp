// Devices that want to hear of the System's shutdown.
#pragma once

#include <nt/ntdef.h>

namespace mica::io {

// Sends IRP_MJ_SHUTDOWN to every device that registered, the last first and those of the last
// chance last, and waits for each; they are not registered any more then. How many could not be
// told, without memory. IRQL PASSIVE_LEVEL.
[[nodiscard]] ULONG NTAPI shut_down() noexcept;

}  // namespace mica::io
