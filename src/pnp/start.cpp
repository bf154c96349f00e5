#include "pnp/start.hpp"

#include "base/list.hpp"
#include "io/stack.hpp"
#include "pnp/build.hpp"
#include "pnp/children.hpp"
#include "pnp/key.hpp"
#include "pnp/kind.hpp"
#include "pnp/remove.hpp"
#include "pnp/request.hpp"
#include "pnp/said.hpp"

namespace mica::pnp {
namespace {

// Of the bus before there are drivers, and of all of them once the device is started.
[[nodiscard]] NTSTATUS NTAPI learn_capabilities(Node& node) noexcept {
  DEVICE_CAPABILITIES found;
  NTSTATUS const status = query_capabilities(*node.device, found);
  if (!NT_SUCCESS(status)) return status;
  ke::SpinGuard guard{state().lock};
  node.capabilities = found;
  return status;
}

// Drivers learn that the resources are theirs.
[[nodiscard]] NTSTATUS NTAPI send_start(Node& node) noexcept {
  {
    ke::SpinGuard guard{state().lock};
    node.assigned = true;
  }
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = IRP_MN_START_DEVICE;
  asked.Parameters.StartDevice = {node.raw, node.translated};
  return send(*node.device, asked).Status;
}

// Who the drivers are: what a text says of the device, or of its identifiers. A kind that is found
// stays the node's.
[[nodiscard]] Description const& NTAPI drivers_of(Node& node, Sayings const& says) noexcept {
  if (node.parent == nullptr || node.path.empty()) return node.described;
  if (node.kind == nullptr) node.kind = reference_kind(says.hardware_ids.get());
  if (node.kind == nullptr) node.kind = reference_kind(says.compatible_ids.get());
  return node.kind != nullptr ? node.kind->described : node.described;
}

// Without a driver a device starts that says that it needs none; another one is left as it is.
[[nodiscard]] NTSTATUS NTAPI build_and_start(Node& node) noexcept {
  NTSTATUS status = learn_capabilities(node);
  if (!NT_SUCCESS(status)) return status;
  Sayings const says{*node.device};
  Description const& drivers = drivers_of(node, says);
  if (!node.path.empty()) status = write_keys(node.path, says, drivers);
  if (!NT_SUCCESS(status)) return status;
  if (!drivers.driver.empty())
    status = build_stack(*node.device, drivers);
  else if (snapshot_of(node).capabilities.RawDeviceOK == 0)
    return status;
  if (NT_SUCCESS(status)) status = send_start(node);
  if (NT_SUCCESS(status)) node.stage = Stage::started;
  return status;
}

[[nodiscard]] NTSTATUS NTAPI start(Node& node) noexcept {
  NTSTATUS const status = build_and_start(node);
  if (!NT_SUCCESS(status)) {
    remove(node);
    return status;
  }
  if (node.stage != Stage::started) return status;
  io::set_opening(*node.device, io::Opening::allowed);
  static_cast<void>(learn_capabilities(node));  // else what the bus said holds
  return is_in_order(node) ? STATUS_SUCCESS : STATUS_PLUGPLAY_NO_DEVICE;
}

// Those in the list by to_start, and whoever is found below them.
void NTAPI start_all(LIST_ENTRY& coming) noexcept {
  while (LIST_ENTRY* const entry = list_pop_front(coming)) {
    Node& node = MICA_CONTAINING(*entry, Node, to_start);
    if (NT_SUCCESS(start(node)) && node.stage == Stage::started) find_children(node, coming);
  }
}

}  // namespace

bool NTAPI is_in_order(Node& node) noexcept {
  IO_STATUS_BLOCK const answer = send(*node.device, IRP_MN_QUERY_PNP_DEVICE_STATE);
  constexpr ULONG_PTR bad = PNP_DEVICE_FAILED | PNP_DEVICE_REMOVED;
  if (!NT_SUCCESS(answer.Status) || (answer.Information & bad) == 0) return true;
  lose(node);
  return false;
}

NTSTATUS NTAPI start_tree(Node& node) noexcept {
  NTSTATUS const status = start(node);
  if (NT_SUCCESS(status) && node.stage == Stage::started) enumerate(node);
  return status;
}

void NTAPI enumerate(Node& node) noexcept {
  LIST_ENTRY coming;
  list_initialize(coming);
  find_children(node, coming);
  start_all(coming);
}

void NTAPI start_driverless() noexcept {
  LIST_ENTRY coming;
  list_initialize(coming);
  {
    State& pnp = state();
    ke::SpinGuard guard{pnp.lock};
    for (LIST_ENTRY* entry = pnp.nodes.Flink; entry != &pnp.nodes; entry = entry->Flink) {
      Node& node = MICA_CONTAINING(*entry, Node, entry);
      if (node.stage == Stage::found && !node.is_going) list_append(coming, node.to_start);
    }
  }
  start_all(coming);
}

}  // namespace mica::pnp
