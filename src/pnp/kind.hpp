// Which drivers the children of drivers' buses get: what a text says of an identifier.
//   For the worker. IRQL PASSIVE_LEVEL.
#pragma once

#include "pnp/description.hpp"
#include "pnp/state.hpp"

namespace mica::pnp {

struct Kind {
  LIST_ENTRY entry;
  ULONG references;       // of the list, and of the nodes that have it
  Description described;  // of the copy of its text that follows
};

// STATUS_OBJECT_NAME_COLLISION: there is one of that identifier. STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI add_kind(Description const& described) noexcept;
// Devices that have it keep it. STATUS_NO_SUCH_DEVICE: there is none of that identifier.
[[nodiscard]] NTSTATUS NTAPI forget_kind(std::string_view identifier) noexcept;

// The kind of the first of these identifiers that has one, referenced; each is terminated, and an
// empty one is behind them. Null: none has, or there are none.
[[nodiscard]] Kind* NTAPI reference_kind(WCHAR const* identifiers) noexcept;
void NTAPI drop(Kind& kind) noexcept;

}  // namespace mica::pnp
