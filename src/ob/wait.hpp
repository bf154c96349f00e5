// Rules for waiting by handle
//   What is waited for is the dispatcher object in the body, where the type says it stands. The
//   wait holds a reference: closing the handle meanwhile neither ends it nor takes its object away.
//   IRQL PASSIVE_LEVEL.
#pragma once

#include "ob/header.hpp"

namespace mica::ob {

struct Waitable {
  void* object;      // referenced
  void* dispatcher;  // in it
};

// STATUS_INVALID_HANDLE; STATUS_ACCESS_DENIED for a handle without SYNCHRONIZE, in user mode;
// STATUS_OBJECT_TYPE_MISMATCH for an object of a type that nobody waits for.
[[nodiscard]] NTSTATUS NTAPI reference_waitable(HANDLE handle, KPROCESSOR_MODE mode,
                                                Waitable* found) noexcept;

}  // namespace mica::ob
