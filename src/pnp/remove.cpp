#include "pnp/remove.hpp"

#include "io/stack.hpp"
#include "pnp/device.hpp"
#include "pnp/interface.hpp"
#include "pnp/request.hpp"
#include "pnp/start.hpp"
#include "pnp/target.hpp"
#include "rtl/line.hpp"

namespace mica::pnp {
namespace {

// What hangs from it goes before, and files that are open on it.
void NTAPI finish(Node& first) noexcept {
  for (Node* node = &first; node != nullptr;) {
    if (!list_empty(node->children)) return;
    if (node->stage == Stage::lost && io::tell_when_closed(*node->device)) return;
    Node* const parent = node->parent;
    remove(*node);
    node = parent != nullptr && parent->stage == Stage::lost ? parent : nullptr;
  }
}

void NTAPI end_later(Action& action) {
  finish(MICA_CONTAINING(action, Node, end));
}

void NTAPI cancel(Node& node) noexcept {
  static_cast<void>(send(*node.device, IRP_MN_CANCEL_REMOVE_DEVICE, WithoutMemory::waits));
}

// Files keep a device from being removed; drivers are asked first, since they may close theirs.
//                           [MSDN "Handling a GUID_TARGET_DEVICE_QUERY_REMOVE Event"]
[[nodiscard]] NTSTATUS NTAPI query_drivers(Together& all) noexcept {
  NTSTATUS status = STATUS_SUCCESS;
  Node* last = all.until([&status](Node& node) noexcept {
    if (node.stage == Stage::started)
      status = send(*node.device, IRP_MN_QUERY_REMOVE_DEVICE).Status;
    return NT_SUCCESS(status);
  });
  Node* open = nullptr;
  if (NT_SUCCESS(status))
    open = all.until([](Node& node) noexcept {
      return node.stage != Stage::started || io::shut_unless_open(*node.device);
    });
  if (open != nullptr) status = STATUS_DEVICE_BUSY;
  if (NT_SUCCESS(status)) return status;
  all.for_each_back(last, [](Node& node) noexcept {
    if (node.stage != Stage::started) return;
    io::set_opening(*node.device, io::Opening::allowed);
    cancel(node);
  });
  return status;
}

// First those who registered for the devices, then their drivers.
[[nodiscard]] NTSTATUS NTAPI query(Together& all) noexcept {
  NTSTATUS status = STATUS_SUCCESS;
  static_cast<void>(all.until([&status](Node& node) noexcept {
    status = ask_to_remove(node);
    return NT_SUCCESS(status);
  }));
  if (NT_SUCCESS(status)) status = query_drivers(all);
  if (!NT_SUCCESS(status)) all.for_each_back(nullptr, tell_it_stays);
  return status;
}

// One that can be removed; null: there is none of that name.
[[nodiscard]] Node* NTAPI find_present(std::string_view name) noexcept {
  Node* const node = find(name);
  return node != nullptr && !node->is_going && node->stage != Stage::removed ? node : nullptr;
}

}  // namespace

void NTAPI remove(Node& node) noexcept {
  DEVICE_OBJECT& device = *node.device;
  io::set_opening(device, io::Opening::refused);
  static_cast<void>(send(device, IRP_MN_REMOVE_DEVICE, WithoutMemory::waits));
  disable_interfaces(node);
  if (node.stage == Stage::started) tell_it_is_gone(node);
  if (device.AttachedDevice != nullptr)
    rtl::Line{} << "mica: the device " << (node.parent == nullptr ? node.described.name : node.path)
                << " was removed, but a driver's device is still attached to it";
  if (!node.is_reported || node.parent->is_going) return end(node);
  node.stage = Stage::removed;
  node.is_going = false;
}

NTSTATUS NTAPI remove_if_allowed(Node& node, Going going) noexcept {
  Together all{node, going};
  if (all.waits()) return STATUS_DEVICE_BUSY;
  NTSTATUS const status = query(all);
  if (!NT_SUCCESS(status)) return status;
  all.for_each([](Node& each) noexcept { each.is_going = true; });
  while (Node* const each = all.take()) remove(*each);
  return status;
}

void NTAPI lose(Node& node) noexcept {
  Together all{node, Going::removed};
  all.for_each([](Node& each) noexcept {
    each.is_going = true;
    if (each.stage != Stage::started) return;
    io::set_opening(*each.device, io::Opening::refused);
    static_cast<void>(send(*each.device, IRP_MN_SURPRISE_REMOVAL, WithoutMemory::waits));
    disable_interfaces(each);
    tell_it_is_gone(each);
    each.stage = Stage::lost;
    each.end.routine = end_later;
  });
  while (Node* const each = all.take()) finish(*each);
}

void NTAPI eject(Node& node) noexcept {
  Node* const parent = node.parent;
  if (parent == nullptr || node.stage != Stage::started) return;
  if (!NT_SUCCESS(remove_if_allowed(node, Going::ejected))) return;
  if (node.stage != Stage::removed) return;
  if (snapshot_of(node).capabilities.EjectSupported != 0)
    static_cast<void>(send(*node.device, IRP_MN_EJECT, WithoutMemory::waits));
  if (parent->stage == Stage::started) enumerate(*parent);
}

NTSTATUS NTAPI remove_device(std::string_view name) noexcept {
  return perform([name]() noexcept {
    Node* const node = find_present(name);
    return node == nullptr ? STATUS_NO_SUCH_DEVICE : remove_if_allowed(*node, Going::removed);
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
