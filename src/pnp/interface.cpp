#include "pnp/interface.hpp"

#include <nt/rtl/string.h>

#include <cstring>

#include "base/list.hpp"

namespace mica::pnp {

UNICODE_STRING Interface::reference() const noexcept {
  auto const bytes = static_cast<USHORT>(name.Length - link.Length);
  return {bytes, bytes, name.Buffer + link.Length / sizeof(WCHAR)};
}

InterfaceGuard::InterfaceGuard() noexcept {
  KeEnterCriticalRegion();
  ExAcquirePushLockExclusive(&state().interface_lock);
}

InterfaceGuard::~InterfaceGuard() {
  ExReleasePushLockExclusive(&state().interface_lock);
  KeLeaveCriticalRegion();
}

Interface* NTAPI find_interface(UNICODE_STRING const& name) noexcept {
  Interface* found = nullptr;
  for_each_interface([&](Interface& each) noexcept {
    if (RtlEqualUnicodeString(&each.name, &name, TRUE) != FALSE) found = &each;
  });
  return found;
}

NTSTATUS NTAPI make_interface(Node& node, GUID const& class_guid, UNICODE_STRING const& name,
                              USHORT link_bytes) noexcept {
  InterfaceGuard const guard;
  if (node.has_ended) return STATUS_INVALID_DEVICE_REQUEST;
  if (find_interface(name) != nullptr) return STATUS_SUCCESS;
  void* const block =
      ExAllocatePool2(POOL_FLAG_PAGED, sizeof(Interface) + name.MaximumLength, tag_interface);
  if (block == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  auto* const made = static_cast<Interface*>(block);  // zeroed, which is one that is not enabled
  made->class_guid = class_guid;
  made->node = &node;
  made->name = {name.Length, name.MaximumLength, reinterpret_cast<WCHAR*>(made + 1)};
  std::memcpy(made->name.Buffer, name.Buffer, name.MaximumLength);
  made->link = {link_bytes, link_bytes, made->name.Buffer};
  list_append(state().interfaces, made->entry);
  return STATUS_SUCCESS;
}

}  // namespace mica::pnp
