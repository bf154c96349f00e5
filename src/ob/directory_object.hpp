// Directories as objects: their type, and how the executive makes one.
#pragma once

#include "ob/header.hpp"

namespace mica::ob {

[[nodiscard]] _OBJECT_TYPE directory_type_body() noexcept;

// A permanent directory. IRQL PASSIVE_LEVEL. STATUS_OBJECT_NAME_COLLISION and the others of
// ObInsertObject.
[[nodiscard]] NTSTATUS NTAPI create_directory(UNICODE_STRING path) noexcept;

}  // namespace mica::ob
