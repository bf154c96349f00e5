// The buffers of an IRP: copies in the system's own, pages that are locked, or the caller's as they
// are.    [MSDN "Methods for Accessing Data Buffers", "Buffer Descriptions for I/O Control Codes"]
//   STATUS_INSUFFICIENT_RESOURCES; STATUS_ACCESS_VIOLATION: a buffer that is to be locked is no
//   memory of this System. What was given before that is freed by release_buffers(). IRQL <=
//   APC_LEVEL.
#pragma once

#include "io/state.hpp"

namespace mica::io {

// A system buffer of `bytes`, filled from `from` if there is one.
[[nodiscard]] NTSTATUS NTAPI give_buffer(IRP& irp, ULONG bytes, void const* from,
                                         ULONG from_bytes) noexcept;

// The data of a read or a write, in the way the device asked for.
[[nodiscard]] NTSTATUS NTAPI give_data(IRP& irp, DEVICE_OBJECT const& device, bool reads,
                                       void* buffer, ULONG bytes) noexcept;

// The buffers of a device or file system control whose lengths and code stand in `next`, in the way
// the code says.
[[nodiscard]] NTSTATUS NTAPI give_control_buffers(IRP& irp, IO_STACK_LOCATION& next, void* input,
                                                  void* output) noexcept;

// An answer of up to `bytes` that completion copies to `output`.
[[nodiscard]] NTSTATUS NTAPI give_answer(IRP& irp, void* output, ULONG bytes) noexcept;

// Copies the answer out, unless the request failed, unlocks and frees. IRQL <= DISPATCH_LEVEL.
void NTAPI release_buffers(IRP& irp) noexcept;

}  // namespace mica::io
