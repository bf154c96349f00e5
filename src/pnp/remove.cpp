#include "pnp/remove.hpp"

#include "base/list.hpp"
#include "io/stack.hpp"
#include "pnp/device.hpp"
#include "pnp/request.hpp"
#include "rtl/line.hpp"

namespace mica::pnp {
namespace {

void NTAPI end_later(Action& action) {
  remove(MICA_CONTAINING(action, Node, end));
}

// One that can be removed; null: there is none of that name.
[[nodiscard]] Node* NTAPI find_present(std::string_view name) noexcept {
  Node* const node = find(name);
  return node != nullptr && !node->is_lost ? node : nullptr;
}

// Files keep a device from being removed; its drivers are asked first, since they may close theirs.
//                           [MSDN "Handling a GUID_TARGET_DEVICE_QUERY_REMOVE Event"]
[[nodiscard]] NTSTATUS NTAPI query_remove(DEVICE_OBJECT& device) noexcept {
  NTSTATUS status = send(device, IRP_MN_QUERY_REMOVE_DEVICE).Status;
  if (NT_SUCCESS(status) && !io::shut_unless_open(device)) status = STATUS_DEVICE_BUSY;
  if (NT_SUCCESS(status)) return status;
  static_cast<void>(send(device, IRP_MN_CANCEL_REMOVE_DEVICE, WithoutMemory::waits));
  return status;
}

}  // namespace

void NTAPI remove(Node& node) noexcept {
  DEVICE_OBJECT& device = *node.device;
  io::set_opening(device, io::Opening::refused);
  static_cast<void>(send(device, IRP_MN_REMOVE_DEVICE, WithoutMemory::waits));
  if (device.AttachedDevice != nullptr)
    rtl::Line{} << "mica: the device " << node.described.name
                << " was removed, but a driver's device is still attached to it";
  end(node);
}

void NTAPI lose(Node& node) noexcept {
  DEVICE_OBJECT& device = *node.device;
  node.is_lost = true;
  io::set_opening(device, io::Opening::refused);
  static_cast<void>(send(device, IRP_MN_SURPRISE_REMOVAL, WithoutMemory::waits));
  node.end.routine = end_later;
  if (!io::tell_when_closed(device)) remove(node);
}

NTSTATUS NTAPI remove_device(std::string_view name) noexcept {
  return perform([name]() noexcept {
    Node* const node = find_present(name);
    if (node == nullptr) return STATUS_NO_SUCH_DEVICE;
    NTSTATUS const status = query_remove(*node->device);
    if (NT_SUCCESS(status)) remove(*node);
    return status;
  });
}

NTSTATUS NTAPI lose_device(std::string_view name) noexcept {
  return perform([name]() noexcept {
    Node* const node = find_present(name);
    if (node == nullptr) return STATUS_NO_SUCH_DEVICE;
    lose(*node);
    return STATUS_SUCCESS;
  });
}

void NTAPI stack_closed(DEVICE_OBJECT& lowest) noexcept {
  NodeReference const node = find(lowest);
  if (node) queue(node->end);
}

}  // namespace mica::pnp
