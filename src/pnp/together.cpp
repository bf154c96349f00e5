#include "pnp/together.hpp"

#include "pnp/request.hpp"

namespace mica::pnp {

Together::Together(Node& first, Going going) noexcept {
  list_initialize(list_);
  add(first);
  // Who is asked may add others, at any place.
  for (;;) {
    Node* const next = until([](Node const& node) noexcept { return node.is_expanded; });
    if (next == nullptr) return;
    expand(*next, going);
  }
}

Together::~Together() {
  while (take() != nullptr) continue;
}

Node* Together::take() noexcept {
  LIST_ENTRY* const entry = list_pop_front(list_);
  if (entry == nullptr) return nullptr;
  Node& node = MICA_CONTAINING(*entry, Node, to_end);
  node.is_expanded = false;
  return &node;
}

// Deeper ones are first, and of the same depth those that came later.
void Together::add(Node& node) noexcept {
  if (node.to_end.Flink != nullptr) return;
  if (node.is_going) {
    waits_ = true;
    return;
  }
  LIST_ENTRY* before = list_.Flink;
  while (before != &list_ && MICA_CONTAINING(*before, Node, to_end).depth > node.depth)
    before = before->Flink;
  list_insert_between(*before->Blink, node.to_end, *before);
}

void Together::add_related(Node& node, DEVICE_RELATION_TYPE type) noexcept {
  Relations const related{*node.device, type};
  if (!related) return;
  for (PDEVICE_OBJECT const each : related)
    if (NodeReference const other = find(*each)) add(*other);
}

void Together::expand(Node& node, Going going) noexcept {
  node.is_expanded = true;
  for (LIST_ENTRY* entry = node.children.Flink; entry != &node.children; entry = entry->Flink)
    add(MICA_CONTAINING(*entry, Node, sibling));
  if (node.stage != Stage::started) return;
  add_related(node, RemovalRelations);
  if (going == Going::ejected) add_related(node, EjectionRelations);
}

}  // namespace mica::pnp
