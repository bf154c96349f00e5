// Devices.
//   A device lives until its driver has deleted it, the last file on it is closed and no device is
//   attached above it: then it leaves its driver's list and loses the reference it was created
//   with.
#pragma once

#include "io/state.hpp"
#include "ob/type.hpp"

namespace mica::io {

// What is to be given to StartIo: that IRP, or the next in the queue.
struct Start {
  PIRP irp = nullptr;
  bool cancelable = false;
  bool by_key = false;
  ULONG key = 0;
};

// How a device's StartIo is called (start_io.cpp).
struct Starting {
  bool deferred;
  bool noncancelable;
  std::atomic<LONG> owed;  // deferred: calls that are to come, the one that runs included
  Start later;             // the one that is to come
};

// In Timers::running while it runs. Guarded by Timers::lock but for the routine, which is set
// before.
struct DeviceTimer {
  CSHORT type;  // IO_TYPE_TIMER once it is initialized
  bool runs;
  ULONG second;  // when it was called last
  LIST_ENTRY entry;
  PDEVICE_OBJECT device;
  PIO_TIMER_ROUTINE routine;
  PVOID context;
};

// What io keeps of a device behind the driver's own extension: begins with the public part.
struct DeviceExtension {
  DEVOBJ_EXTENSION common;
  bool delete_pending;         // device lock
  PDEVICE_OBJECT attached_to;  // the device below. Device lock
  // Of the lowest device of a stack (stack.hpp). Device lock.
  bool shut;
  bool tells_closed;
  void* node;  // pnp's, of a device that is plugged in. pnp::State::lock
  Starting starting;
  DeviceTimer timer;
};

[[nodiscard]] inline DeviceExtension& extension_of(DEVICE_OBJECT& device) noexcept {
  return *reinterpret_cast<DeviceExtension*>(device.DeviceObjectExtension);
}

// Whether nobody gets it any more, or not yet: it is being made or deleted, or its driver is to be
// unloaded. Under the device lock.
[[nodiscard]] inline bool is_out_of_reach(DEVICE_OBJECT const& device) noexcept {
  return (device.Flags & DO_DEVICE_INITIALIZING) != 0 ||
         reinterpret_cast<DeviceExtension const*>(device.DeviceObjectExtension)->delete_pending ||
         (device.DriverObject->Flags & DRVO_UNLOAD_INVOKED) != 0;
}

[[nodiscard]] ob::TypeOptions device_type_options() noexcept;
[[nodiscard]] ob::TypeOptions driver_type_options() noexcept;

// Counts a file on the device. STATUS_NO_SUCH_DEVICE: it is out of reach; STATUS_ACCESS_DENIED: it
// is exclusive and in use. IRQL <= DISPATCH_LEVEL.
[[nodiscard]] NTSTATUS NTAPI open_device(DEVICE_OBJECT& device) noexcept;
void NTAPI close_device(DEVICE_OBJECT& device) noexcept;

// Ends a deleted device that nothing holds any more; called by whoever took the last thing away.
// IRQL <= DISPATCH_LEVEL.
void NTAPI end_if_unused(DEVICE_OBJECT& device) noexcept;

// The top of the device's stack, referenced. IRQL <= DISPATCH_LEVEL.
[[nodiscard]] DEVICE_OBJECT& NTAPI reference_top(DEVICE_OBJECT& device) noexcept;

}  // namespace mica::io
