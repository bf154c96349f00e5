// Symbolic links: an object whose parse procedure starts the search again with another path.
#pragma once

#include "ob/header.hpp"

namespace mica::ob {

[[nodiscard]] TypeOptions link_type_options() noexcept;

// `attributes`: OBJ_PERMANENT or nothing; without it the link is gone at once, since it has no
// handle. IRQL PASSIVE_LEVEL. STATUS_OBJECT_NAME_COLLISION and the others of ObInsertObject,
// STATUS_INVALID_PARAMETER for an empty target.
[[nodiscard]] NTSTATUS NTAPI create_link(UNICODE_STRING path, UNICODE_STRING const& target,
                                         ULONG attributes) noexcept;

// Ends a permanent link. STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH.
[[nodiscard]] NTSTATUS NTAPI remove_link(UNICODE_STRING path) noexcept;

}  // namespace mica::ob
