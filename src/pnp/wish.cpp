// What drivers ask of plug and play for a device, and do not wait for.
//   IRQL <= DISPATCH_LEVEL. What is asked for again before it is done is done once.
#include "base/list.hpp"
#include "pnp/remove.hpp"
#include "pnp/start.hpp"

namespace mica::pnp {
namespace {

[[nodiscard]] ULONG take_wanted(Node& node) noexcept {
  ke::SpinGuard guard{state().lock};
  return std::exchange(node.wanted, 0);
}

// Of a device that has stopped meanwhile nothing is wanted any more.
void NTAPI fulfil(Action& action) {
  NodeReference const node{&MICA_CONTAINING(action, Node, wish)};
  ULONG const wanted = take_wanted(*node);
  if ((wanted & wants_state) != 0 && node->stage == Stage::started) is_in_order(*node);
  if ((wanted & wants_children) != 0 && node->stage == Stage::started) enumerate(*node);
  if ((wanted & wants_ejection) != 0 && node->stage == Stage::started) eject(*node);
}

// The action has the reference.
void NTAPI want(PDEVICE_OBJECT device, ULONG what) noexcept {
  NodeReference node = find_physical(*device);
  if (!node || what == 0) return;
  {
    ke::SpinGuard guard{state().lock};
    ULONG const before = std::exchange(node->wanted, node->wanted | what);
    if (before != 0) return;
  }
  node->wish.routine = fulfil;
  queue(node.release()->wish);
}

}  // namespace
}  // namespace mica::pnp

using namespace mica::pnp;

VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type) {
  bool const of_bus = Type == BusRelations || Type == SingleBusRelations;
  want(DeviceObject, of_bus ? ULONG{wants_children} : ULONG{});
}

VOID NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject) {
  want(PhysicalDeviceObject, wants_state);
}

VOID NTAPI IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject) {
  want(PhysicalDeviceObject, wants_ejection);
}
