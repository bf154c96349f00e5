// \Device\Null: a file that is always at its end and takes everything that is written.
#pragma once

#include <nt/ntdef.h>

namespace mica::drivers {

// Makes the driver \Driver\Null and its device. After io::initialize. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI create_null() noexcept;

}  // namespace mica::drivers
