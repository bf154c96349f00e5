// Interfaces that are enabled, and disabled.                      [MSDN IoSetDeviceInterfaceState]
#include <nt/rtl/string.h>

#include "base/list.hpp"
#include "pnp/interface.hpp"

namespace mica::pnp {
namespace {

// What the physical device object is called, for a scope.
class [[nodiscard]] DeviceName {
 public:
  explicit DeviceName(DEVICE_OBJECT& device) noexcept {
    ULONG bytes = 0;
    static_cast<void>(ObQueryNameString(&device, nullptr, 0, &bytes));
    information_ = static_cast<POBJECT_NAME_INFORMATION>(
        ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_interface));
    if (information_ != nullptr) status_ = ObQueryNameString(&device, information_, bytes, &bytes);
  }
  DeviceName(DeviceName const&) = delete;
  DeviceName& operator=(DeviceName const&) = delete;
  ~DeviceName() {
    if (information_ != nullptr) ExFreePoolWithTag(information_, tag_interface);
  }

  // STATUS_INVALID_DEVICE_REQUEST: it has no name.
  [[nodiscard]] NTSTATUS status() const noexcept {
    if (!NT_SUCCESS(status_)) return status_;
    return information_->Name.Length != 0 ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_REQUEST;
  }
  [[nodiscard]] UNICODE_STRING* get() const noexcept { return &information_->Name; }

 private:
  OBJECT_NAME_INFORMATION* information_ = nullptr;
  NTSTATUS status_ = STATUS_INSUFFICIENT_RESOURCES;
};

// The symbolic link is that of all of a device's interfaces of a class, whatever their references.
[[nodiscard]] bool is_linked(Interface const& wanted) noexcept {
  bool linked = false;
  for_each_interface([&](Interface const& each) noexcept {
    if (&each != &wanted && each.arrival != nullptr &&
        RtlEqualUnicodeString(&each.link, &wanted.link, TRUE) != FALSE)
      linked = true;
  });
  return linked;
}

[[nodiscard]] NTSTATUS enable(Interface& wanted) noexcept {
  if (wanted.arrival != nullptr) return STATUS_OBJECT_NAME_EXISTS;
  DeviceName const name{*wanted.node->device};
  NTSTATUS status = name.status();
  if (!NT_SUCCESS(status)) return status;
  Arrival* const arrival = make_arrival(*wanted.node, wanted.class_guid, wanted.name);
  if (arrival == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (!is_linked(wanted)) status = IoCreateSymbolicLink(&wanted.link, name.get());
  if (!NT_SUCCESS(status)) {
    discard(*arrival);
    return status;
  }
  wanted.arrival = arrival;
  tell(*arrival);
  return status;
}

[[nodiscard]] NTSTATUS disable(Interface& wanted) noexcept {
  if (wanted.arrival == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  if (!is_linked(wanted)) static_cast<void>(IoDeleteSymbolicLink(&wanted.link));
  tell_removal(*std::exchange(wanted.arrival, nullptr));
  return STATUS_SUCCESS;
}

}  // namespace

void NTAPI disable_interfaces(Node& node) noexcept {
  InterfaceGuard const guard;
  for_each_interface([&node](Interface& each) noexcept {
    if (each.node == &node) static_cast<void>(disable(each));
  });
}

void NTAPI end_interfaces(Node& node) noexcept {
  InterfaceGuard const guard;
  node.has_ended = true;
  LIST_ENTRY& all = state().interfaces;
  for (LIST_ENTRY* entry = all.Flink; entry != &all;) {
    Interface& each = MICA_CONTAINING(*entry, Interface, entry);
    entry = entry->Flink;
    if (each.node != &node) continue;
    static_cast<void>(disable(each));
    list_remove(each.entry);
    ExFreePoolWithTag(&each, tag_interface);
  }
}

}  // namespace mica::pnp

using namespace mica::pnp;

NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable) {
  InterfaceGuard const guard;
  Interface* const found = find_interface(*SymbolicLinkName);
  if (found == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  return Enable != FALSE ? enable(*found) : disable(*found);
}
