// Handles of this System's one process, as its callers spell them.
//   IRQL PASSIVE_LEVEL.
#pragma once

#include "ob/header.hpp"

namespace mica::ob {

struct Grant;     // ob/handle_table.hpp
struct Transfer;  // ob/handle_notice.hpp

// Makes a handle out of one reference and one handle count of `header`, which it gives back if it
// fails: STATUS_INSUFFICIENT_RESOURCES. `attributes`: OBJ_INHERIT, OBJ_KERNEL_HANDLE.
[[nodiscard]] NTSTATUS NTAPI open_handle(Header& header, ACCESS_MASK desired, ULONG attributes,
                                         HANDLE* handle) noexcept;

// The same for rights that are mapped already; `kernel`: in the kernel's form. `duplicated` is null
// for a handle that is no other's duplicate. Who watches handles of the type is told.
[[nodiscard]] NTSTATUS NTAPI give_handle(Grant const& grant, bool kernel,
                                         Transfer const* duplicated, HANDLE* handle) noexcept;

// Sets what OBJ_INHERIT and OBJ_PROTECT_CLOSE say of an open handle. STATUS_INVALID_HANDLE.
[[nodiscard]] NTSTATUS NTAPI set_handle_attributes(HANDLE handle, ULONG attributes) noexcept;

}  // namespace mica::ob
