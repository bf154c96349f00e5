// Requests that the I/O manager owns, and how they end.
//   An IRP from IoAllocateIrp or IoBuildAsynchronousFsdRequest stays its maker's, whatever
//   completes it. Of the others IRP.AllocationFlags says whose they are, in bits of ours.
#pragma once

#include "io/state.hpp"

namespace mica::io {

namespace owner {
// Somebody in send_and_wait(): completion ends it wherever it happens.
inline constexpr UCHAR waiter = 0x40;
// The thread that made it, in whose list it stands: it ends there, in a special kernel APC, or
// where it was sent (IRP_DEFER_IO_COMPLETION).
inline constexpr UCHAR thread = 0x80;
// A thread's request by handle: with references to its file, which stands in its first location,
// and unless it has IRP_SYNCHRONOUS_API to its event.
inline constexpr UCHAR file = 0x20;
inline constexpr UCHAR any = waiter | thread | file;
}  // namespace owner

// The end of completion. IRQL <= DISPATCH_LEVEL.
void NTAPI finish(IRP& irp, CCHAR boost) noexcept;

// What the end is for a thread's request: results, event, APC routine; the IRP is gone. In that
// thread, at APC_LEVEL.
void NTAPI hand_over(IRP& irp) noexcept;

// An IRP for `device`, whose first location is `major`; null without memory. `owner` may be 0. One
// of a thread does not stand in its list yet.
[[nodiscard]] IRP* NTAPI make_request(DEVICE_OBJECT& device, UCHAR major, UCHAR owner) noexcept;

// The same for what a driver must hear: without memory it waits for some. IRQL PASSIVE_LEVEL.
[[nodiscard]] IRP& NTAPI must_make_request(DEVICE_OBJECT& device, UCHAR major,
                                           UCHAR owner) noexcept;

// Frees one that is not in a list, without its buffers.
void NTAPI free_request(IRP& irp) noexcept;

// Sends a waiter's and waits until it is complete. IRQL PASSIVE_LEVEL.
[[nodiscard]] IO_STATUS_BLOCK NTAPI send_and_wait(DEVICE_OBJECT& device, IRP& irp) noexcept;

// The location of the device that an IRP was made for.
[[nodiscard]] inline IO_STACK_LOCATION& first_location(IRP& irp) noexcept {
  return reinterpret_cast<PIO_STACK_LOCATION>(&irp + 1)[irp.StackCount - 1];
}

}  // namespace mica::io
