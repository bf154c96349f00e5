// Requests that the I/O manager owns: those with a thread (IRP.Tail.Overlay.Thread) that waits for
// them.
//   An IRP from IoAllocateIrp has none and stays its allocator's, whatever completes it.
#pragma once

#include "io/state.hpp"

namespace mica::io {

// The end of completion: hands the results over and frees the IRP, if it is the I/O manager's. IRQL
// <= DISPATCH_LEVEL.
void NTAPI finish(IRP& irp, CCHAR boost) noexcept;

// An IRP for `device`, owned by the I/O manager, whose first location is `major`; null without
// memory.
[[nodiscard]] IRP* NTAPI make_request(DEVICE_OBJECT& device, UCHAR major) noexcept;

// Sends it and waits until it is complete. IRQL PASSIVE_LEVEL.
[[nodiscard]] IO_STATUS_BLOCK NTAPI send_and_wait(DEVICE_OBJECT& device, IRP& irp) noexcept;

}  // namespace mica::io
