#include "pnp/device.hpp"
#include "pnp/kind.hpp"
#include "pnp/node.hpp"
#include "pnp/start.hpp"

namespace mica::pnp {
namespace {

[[nodiscard]] NTSTATUS NTAPI add(Description const& device) noexcept {
  if (find(device.name) != nullptr) return STATUS_OBJECT_NAME_COLLISION;
  Node* node = nullptr;
  NTSTATUS const status = make(device, node);
  return NT_SUCCESS(status) ? start_tree(*node) : status;
}

[[nodiscard]] NTSTATUS NTAPI add_children(Description const& kind) noexcept {
  NTSTATUS const status = add_kind(kind);
  if (NT_SUCCESS(status)) start_driverless();
  return status;
}

}  // namespace

NTSTATUS NTAPI add_device(Description const& device) noexcept {
  return perform(
      [&device]() noexcept { return device.is_child ? add_children(device) : add(device); });
}

NTSTATUS NTAPI forget_children(std::string_view identifier) noexcept {
  return perform([identifier]() noexcept { return forget_kind(identifier); });
}

}  // namespace mica::pnp
