// Devices are plugged in and taken away.  [MSDN "Adding a PnP Device to a Running System",
//                                          "Removing a Device"]
//   IRQL PASSIVE_LEVEL; not from a driver's routine that plug and play calls.
#pragma once

#include "io/state.hpp"
#include "pnp/description.hpp"

namespace mica::pnp {

// Makes the device, calls AddDevice of its lower filters, its driver and its upper filters, and
// starts it. A driver that is not there is loaded for its service. If anything fails the drivers
// that were called are told to remove the device, and it is not there.
//   STATUS_OBJECT_NAME_COLLISION: there is a device of that name, in any case of letters.
//   STATUS_OBJECT_NAME_NOT_FOUND: a driver is neither there nor can be found.
//   STATUS_DRIVER_ENTRYPOINT_NOT_FOUND: a driver has no AddDevice.
//   STATUS_PLUGPLAY_NO_DEVICE: it started, and its drivers say that it failed or is gone.
//   What AddDevice and IRP_MN_START_DEVICE say. STATUS_INSUFFICIENT_RESOURCES.
// Of a child it is what the drivers are of children that drivers' buses report: those that are
// there without a driver get them, those that come will.
//   STATUS_OBJECT_NAME_COLLISION: children of that identifier have drivers already.
[[nodiscard]] NTSTATUS NTAPI add_device(Description const& device) noexcept;
// Children of that identifier that come get no drivers any more. STATUS_NO_SUCH_DEVICE.
[[nodiscard]] NTSTATUS NTAPI forget_children(std::string_view identifier) noexcept;

// Asks the drivers of the device and of all that goes with it, and has them remove it. A child's
// name is its path, ENUMERATOR\DEVICE\INSTANCE; it comes again when its bus has not reported it and
// does again.
//   STATUS_NO_SUCH_DEVICE: there is none of that name; it may have been taken away.
//   STATUS_DEVICE_BUSY: a file is open on it. What a driver says that refuses. Then it stays, and
//   its drivers are told so.
[[nodiscard]] NTSTATUS NTAPI remove_device(std::string_view name) noexcept;

// The device is gone, with all that goes with it, whatever its drivers do. They are told so, and
// remove each when no file is open on it any more: maybe later.
//   STATUS_NO_SUCH_DEVICE.
[[nodiscard]] NTSTATUS NTAPI lose_device(std::string_view name) noexcept;

// io::State::find_line.
NTSTATUS NTAPI find_line(DEVICE_OBJECT& device, io::InterruptLine& line) noexcept;
// io::State::stack_closed.
void NTAPI stack_closed(DEVICE_OBJECT& lowest) noexcept;

}  // namespace mica::pnp
