// Driver objects: those that drivers make of themselves (IoCreateDriver), and those whose image was
// loaded.
#pragma once

#include <nt/ex.h>

#include <cstddef>

#include "io/state.hpp"

namespace mica::io {

struct ClientExtension;

// A driver object with what follows it in its block.
struct Driver {
  DRIVER_OBJECT object;
  DRIVER_EXTENSION extension;
  DriverImage image;
  WORK_QUEUE_ITEM unload;
  bool unload_pending;                 // device lock
  LIST_ENTRY again;                    // reinitialize.cpp. Device lock
  LIST_ENTRY boot_again;               // device lock
  ClientExtension* client_extensions;  // driver_extension.cpp. Device lock
};

[[nodiscard]] inline Driver& whole(DRIVER_OBJECT& object) noexcept {
  return *reinterpret_cast<Driver*>(&object);
}
static_assert(offsetof(Driver, object) == 0);

// Calls the reinitialization routines that it registered, until there are none. IRQL PASSIVE_LEVEL.
void NTAPI reinitialize(Driver& driver) noexcept;
void NTAPI forget_reinitialization(Driver& driver) noexcept;

void NTAPI free_client_extensions(Driver& driver) noexcept;

// Makes \Driver\`service` of an image that is ready to run and calls its entry routine, with the
// path of its key below \Registry\Machine\System\CurrentControlSet\Services. What it returned, or
// why it was not called; the driver is gone unless that is a success. The image is io's from now
// on: State::image_gone is told when nothing refers to the driver any more. IRQL PASSIVE_LEVEL.
//   STATUS_IMAGE_ALREADY_LOADED: there is a driver of that name.
[[nodiscard]] NTSTATUS NTAPI load_driver(UNICODE_STRING const& service, DriverImage const& image,
                                         PDRIVER_OBJECT& driver) noexcept;

// Calls its DriverUnload and lets it go: at once, or as soon as no file is open on its devices and
// none is attached above them; if it has AddDevice, none of them is attached to another either.
// IRQL PASSIVE_LEVEL. [MSDN ZwUnloadDriver]
//   STATUS_INVALID_DEVICE_REQUEST: it has no such routine, or was asked to unload before.
[[nodiscard]] NTSTATUS NTAPI unload_driver(DRIVER_OBJECT& driver) noexcept;

// A device of it is used less: unloads it if it waits for that. IRQL <= DISPATCH_LEVEL.
void NTAPI unload_if_unused(DRIVER_OBJECT& driver) noexcept;

}  // namespace mica::io
