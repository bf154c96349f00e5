// Interfaces that are registered, and found.
#include <nt/rtl/string.h>

#include <algorithm>
#include <cstring>

#include "pnp/interface.hpp"
#include "pnp/interface_name.hpp"
#include "pnp/text.hpp"

using namespace mica::pnp;

namespace {

[[nodiscard]] bool has_separator(UNICODE_STRING const* text) noexcept {
  if (text == nullptr) return false;
  WCHAR const* const begin = text->Buffer;
  WCHAR const* const end = begin + text->Length / sizeof(WCHAR);
  return std::any_of(begin, end, [](WCHAR c) { return c == u'\\' || c == u'/'; });
}

// Which interfaces are asked for.
struct Wanted {
  GUID const* class_guid;
  Node const* node;  // null: any
  bool disabled;     // too

  [[nodiscard]] bool matches(Interface const& each) const noexcept {
    return is_of(each, *class_guid) && (node == nullptr || each.node == node) &&
           (disabled || each.arrival != nullptr);
  }
};

// Under the lock of interfaces.
[[nodiscard]] NTSTATUS NTAPI list(Wanted const& wanted, PWSTR& names) noexcept {
  std::size_t bytes = sizeof(WCHAR);
  for_each_interface([&](Interface const& each) noexcept {
    if (wanted.matches(each)) bytes += each.name.Length + sizeof(WCHAR);
  });
  auto* at = static_cast<char*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_text));  // zeroed
  if (at == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  names = reinterpret_cast<PWSTR>(at);
  for_each_interface([&](Interface const& each) noexcept {
    if (!wanted.matches(each)) return;
    std::memcpy(at, each.name.Buffer, each.name.Length);
    at += each.name.Length + sizeof(WCHAR);
  });
  return STATUS_SUCCESS;
}

// Under the lock of interfaces: one that is the other for another use.
[[nodiscard]] Interface* NTAPI find_alias(Interface const& one, GUID const& class_guid) noexcept {
  Interface* found = nullptr;
  UNICODE_STRING const reference = one.reference();
  for_each_interface([&](Interface& each) noexcept {
    UNICODE_STRING const other = each.reference();
    if (each.node == one.node && is_of(each, class_guid) &&
        RtlEqualUnicodeString(&reference, &other, TRUE) != FALSE)
      found = &each;
  });
  return found;
}

// What the registry is to be asked for, when the lock is not held any more: others are called then.
struct Known {
  UNICODE_STRING name;  // to be freed
  USHORT link_bytes;
  GUID class_guid;
};

[[nodiscard]] NTSTATUS NTAPI know(UNICODE_STRING const& name, Known& known) noexcept {
  InterfaceGuard const guard;
  Interface const* const found = find_interface(name);
  if (found == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  known.link_bytes = found->link.Length;
  known.class_guid = found->class_guid;
  return copy(found->name, known.name);
}

}  // namespace

NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject,
                                         GUID const* InterfaceClassGuid,
                                         PUNICODE_STRING ReferenceString,
                                         PUNICODE_STRING SymbolicLinkName) {
  if (has_separator(ReferenceString)) return STATUS_INVALID_PARAMETER;
  NodeReference const node = find(*PhysicalDeviceObject);
  if (!node || node->path.empty()) return STATUS_INVALID_DEVICE_REQUEST;
  InterfaceName name{node->path, *InterfaceClassGuid, ReferenceString};
  if (!name) return STATUS_INSUFFICIENT_RESOURCES;
  Key key;
  NTSTATUS status = create_interface_key(name.text(), name.link_bytes(), *InterfaceClassGuid, key);
  if (NT_SUCCESS(status))
    status = make_interface(*node, *InterfaceClassGuid, name.text(), name.link_bytes());
  if (NT_SUCCESS(status)) *SymbolicLinkName = name.release();
  return status;
}

NTSTATUS NTAPI IoGetDeviceInterfaces(GUID const* InterfaceClassGuid,
                                     PDEVICE_OBJECT PhysicalDeviceObject, ULONG Flags,
                                     PWSTR* SymbolicLinkList) {
  NodeReference const node =
      PhysicalDeviceObject != nullptr ? find(*PhysicalDeviceObject) : NodeReference{};
  if (PhysicalDeviceObject != nullptr && !node) return STATUS_INVALID_DEVICE_REQUEST;
  Wanted const wanted{InterfaceClassGuid, node ? &*node : nullptr,
                      (Flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) != 0};
  InterfaceGuard const guard;
  return list(wanted, *SymbolicLinkList);
}

NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING SymbolicLinkName,
                                         GUID const* AliasInterfaceClassGuid,
                                         PUNICODE_STRING AliasSymbolicLinkName) {
  InterfaceGuard const guard;
  Interface const* const one = find_interface(*SymbolicLinkName);
  if (one == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  Interface const* const other = find_alias(*one, *AliasInterfaceClassGuid);
  if (other == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
  return copy(other->name, *AliasSymbolicLinkName);
}

NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName,
                                                ACCESS_MASK DesiredAccess,
                                                PHANDLE DeviceInterfaceRegKey) {
  Known known;
  NTSTATUS status = know(*SymbolicLinkName, known);
  if (!NT_SUCCESS(status)) return status;
  Key of_interface, key;
  status = create_interface_key(known.name, known.link_bytes, known.class_guid, of_interface);
  if (NT_SUCCESS(status))
    status = key.create(of_interface.get(), "Device Parameters", DesiredAccess);
  if (NT_SUCCESS(status)) *DeviceInterfaceRegKey = key.release();
  RtlFreeUnicodeString(&known.name);
  return status;
}
