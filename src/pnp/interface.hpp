// The interfaces of devices: names by which they can be opened for a use.
//   One belongs to its device's node and goes with it; until then it is in State::interfaces.
//   Push lock State::interface_lock, for a scope by InterfaceGuard; nobody's routine is called
//   under it. IRQL PASSIVE_LEVEL.
#pragma once

#include <nt/ex.h>

#include "ob/type.hpp"
#include "pnp/arrival.hpp"
#include "pnp/node.hpp"

namespace mica::pnp {

inline constexpr ULONG tag_interface = ob::pool_tag("PpIf");

struct Interface {
  LIST_ENTRY entry;
  GUID class_guid;
  Node* node;
  UNICODE_STRING name;  // in the same block
  UNICODE_STRING link;  // the part of it that is a symbolic link: without \REFERENCE
  Arrival* arrival;     // null: it is not enabled

  // \REFERENCE, or nothing.
  [[nodiscard]] UNICODE_STRING reference() const noexcept;
};

class [[nodiscard]] InterfaceGuard {
 public:
  InterfaceGuard() noexcept;
  InterfaceGuard(InterfaceGuard const&) = delete;
  InterfaceGuard& operator=(InterfaceGuard const&) = delete;
  ~InterfaceGuard();
};

// ---- Under the lock.
// Null: there is none of that name.
[[nodiscard]] Interface* NTAPI find_interface(UNICODE_STRING const& name) noexcept;
template <class Use>
void for_each_interface(Use use) noexcept {
  LIST_ENTRY& all = state().interfaces;
  for (LIST_ENTRY* entry = all.Flink; entry != &all; entry = entry->Flink)
    use(MICA_CONTAINING(*entry, Interface, entry));
}
[[nodiscard]] inline bool is_of(Interface const& each, GUID const& class_guid) noexcept {
  return __builtin_memcmp(&each.class_guid, &class_guid, sizeof(GUID)) == 0;
}

// ---- Take the lock.
// The device's interface of that name and class, made if need be. `link_bytes` of the name are the
// symbolic link. STATUS_INVALID_DEVICE_REQUEST: the device is not there any more;
// STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI make_interface(Node& node, GUID const& class_guid,
                                            UNICODE_STRING const& name, USHORT link_bytes) noexcept;
// None of the device's interfaces is enabled any more.
void NTAPI disable_interfaces(Node& node) noexcept;
// And none is there any more, nor will be.
void NTAPI end_interfaces(Node& node) noexcept;

}  // namespace mica::pnp
