#include "pnp/children.hpp"

#include "base/letters.hpp"
#include "base/list.hpp"
#include "ke/bugcheck.hpp"
#include "pnp/remove.hpp"
#include "pnp/request.hpp"
#include "pnp/said.hpp"

namespace mica::pnp {
namespace {

template <class Use>
void for_each_child(Node& parent, Use use) noexcept {
  for (LIST_ENTRY* entry = parent.children.Flink; entry != &parent.children; entry = entry->Flink)
    use(MICA_CONTAINING(*entry, Node, sibling));
}

// A child that is called so is waited for to be closed only if it is gone.
void check_unique(Node& parent, DEVICE_OBJECT& device, std::string_view path) noexcept {
  constexpr ULONG_PTR duplicate = 1;
  for_each_child(parent, [&](Node& child) noexcept {
    if (child.is_reported && !path.empty() && equal_in_any_case(child.path, path))
      ke::bugcheck(PNP_DETECTED_FATAL_ERROR, duplicate, ke::as_parameter(&device),
                   ke::as_parameter(child.device));
  });
}

// Without memory it is not there, until the bus is asked again.
void meet(Node& parent, DEVICE_OBJECT& device, LIST_ENTRY& coming) noexcept {
  DevicePath const path{device, parent.path};
  check_unique(parent, device, path.text());
  ObfReferenceObject(&device);
  Node* const child = make_child(parent, device, path.text());
  if (child == nullptr)
    ObfDereferenceObject(&device);
  else
    list_append(coming, child->to_start);
}

// A device that hangs from another one stays where it is.
void note(Node& parent, DEVICE_OBJECT& device, LIST_ENTRY& coming) noexcept {
  NodeReference const known = find(device);
  if (!known)
    meet(parent, device, coming);
  else if (known->parent == &parent)
    known->is_reported = true;
}

// The next that its bus does not report any more; what hangs from one goes with it.
[[nodiscard]] Node* missing_child(Node& parent) noexcept {
  for (LIST_ENTRY* entry = parent.children.Flink; entry != &parent.children; entry = entry->Flink) {
    Node& child = MICA_CONTAINING(*entry, Node, sibling);
    if (!child.is_reported && !child.is_going) return &child;
  }
  return nullptr;
}

}  // namespace

void NTAPI find_children(Node& node, LIST_ENTRY& coming) noexcept {
  Relations const reported{*node.device, BusRelations};
  if (!reported) return;
  for_each_child(node, [](Node& child) noexcept { child.is_reported = false; });
  for (PDEVICE_OBJECT const each : reported) note(node, *each, coming);
  while (Node* const gone = missing_child(node)) lose(*gone);
}

}  // namespace mica::pnp
