// Drivers ask to be told, and do not any more.
#include <nt/rtl/string.h>

#include "base/list.hpp"
#include "io/stack.hpp"
#include "pnp/interface.hpp"
#include "pnp/notification.hpp"

namespace mica::pnp {
namespace {

// The device whose stack the file is on; none: it was not plugged in, or is not there any more.
[[nodiscard]] NodeReference NTAPI target_of(FILE_OBJECT& file) noexcept {
  PDEVICE_OBJECT lowest = nullptr;
  {
    ke::SpinGuard guard{io::state().device_lock};
    lowest = &io::lowest_of(*file.DeviceObject);
    ObfReferenceObject(lowest);
  }
  NodeReference node = find(*lowest);
  ObfDereferenceObject(lowest);
  return node;
}

[[nodiscard]] NTSTATUS NTAPI aim(Registration& made, PVOID data) noexcept {
  if (made.category == EventCategoryHardwareProfileChange) return STATUS_SUCCESS;
  if (data == nullptr) return STATUS_INVALID_PARAMETER;
  if (made.category == EventCategoryDeviceInterfaceChange) {
    made.class_guid = *static_cast<GUID const*>(data);
    return STATUS_SUCCESS;
  }
  made.file = static_cast<PFILE_OBJECT>(data);
  made.node = target_of(*made.file).release();
  return made.node != nullptr ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST;
}

// The next interface that has come and is told of, behind the first `passed` of them, as an arrival
// of its own. Null: there is none, or no memory.
[[nodiscard]] Arrival* NTAPI told_arrival(GUID const& class_guid, std::size_t passed) noexcept {
  Arrival const* found = nullptr;
  InterfaceGuard const guard;
  for_each_interface([&](Interface const& each) noexcept {
    if (each.arrival == nullptr || !each.arrival->is_told || !is_of(each, class_guid)) return;
    if (passed-- == 0) found = each.arrival;
  });
  return found == nullptr ? nullptr : make_arrival(*found->node, class_guid, found->name);
}

// Those that come later are told when they do; the worker tells of nothing meanwhile.
void NTAPI tell_existing(Registration& made) noexcept {
  GUID const class_guid = made.class_guid;
  for (std::size_t passed = 0;; ++passed) {
    Arrival* const arrival = told_arrival(class_guid, passed);
    if (arrival == nullptr) return;
    notify_of_interface(made, interface_arrival, *arrival);
    discard(*arrival);
  }
}

}  // namespace
}  // namespace mica::pnp

using namespace mica::pnp;

NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
                                              ULONG EventCategoryFlags, PVOID EventCategoryData,
                                              PDRIVER_OBJECT DriverObject,
                                              PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine,
                                              PVOID Context, PVOID* NotificationEntry) {
  if (EventCategory < EventCategoryHardwareProfileChange ||
      EventCategory > EventCategoryTargetDeviceChange)
    return STATUS_INVALID_PARAMETER;
  auto* const made = static_cast<Registration*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Registration), tag_registration));
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  made->category = EventCategory;
  made->driver = DriverObject;
  made->callback = CallbackRoutine;
  made->context = Context;
  NTSTATUS const status = aim(*made, EventCategoryData);
  if (!NT_SUCCESS(status)) {
    ExFreePoolWithTag(made, tag_registration);
    return status;
  }
  ObfReferenceObject(DriverObject);
  *NotificationEntry = made;
  bool const tells = EventCategory == EventCategoryDeviceInterfaceChange &&
                     (EventCategoryFlags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES);
  if (!tells) {
    enlist(*made);
    return status;
  }
  return perform_at_once_there([made]() noexcept {
    enlist(*made);
    tell_existing(*made);
    return STATUS_SUCCESS;
  });
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID NotificationEntry) {
  cancel(*static_cast<Registration*>(NotificationEntry), Waits::no);
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry) {
  cancel(*static_cast<Registration*>(NotificationEntry), Waits::yes);
  return STATUS_SUCCESS;
}
