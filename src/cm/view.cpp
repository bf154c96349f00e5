// What a transaction sees of the keys beneath a key, and who stands in the way of a change.
#include "cm/branch.hpp"

namespace mica::cm {
namespace {

// Without transactions everybody sees all there is.
[[nodiscard]] bool sees_all() noexcept {
  return list_empty(state().branches);
}

[[nodiscard]] bool is_made_by_another(Node const& node, Branch const* viewer) noexcept {
  return node.change != nullptr && node.change->created && node.change->branch != viewer;
}

}  // namespace

ULONG NTAPI count_subkeys(Node const& node, Branch const* viewer) noexcept {
  if (sees_all()) return node.subkeys.size();
  ULONG count = 0;
  for (Node const* const subkey : node.subkeys) count += is_visible(*subkey, viewer) ? 1 : 0;
  return count;
}

Node* NTAPI subkey_at(Node const& node, Branch const* viewer, ULONG index) noexcept {
  if (sees_all()) return index < node.subkeys.size() ? &node.subkeys[index] : nullptr;
  for (Node* const subkey : node.subkeys)
    if (is_visible(*subkey, viewer) && index-- == 0) return subkey;
  return nullptr;
}

Branch* NTAPI holder_of(Node const& node, Branch const* viewer) noexcept {
  Change const* const change = node.change;
  return change != nullptr && change->branch != viewer ? change->branch : nullptr;
}

Branch* NTAPI holder_below(Node const& node, Branch const* viewer) noexcept {
  if (Branch* const holder = holder_of(node, viewer)) return holder;
  if (sees_all()) return nullptr;
  for (Node const* const subkey : node.subkeys)
    if (is_made_by_another(*subkey, viewer)) return subkey->change->branch;
  return nullptr;
}

Branch* NTAPI holder_of_name(Node const& parent, UNICODE_STRING const& name,
                             Branch const* viewer) noexcept {
  Change const* const change = parent.change;
  if (change != nullptr && change->deleted && change->branch != viewer) return change->branch;
  for (ULONG i = first_place_of(parent, name); is_named(parent, i, name); ++i)
    if (is_made_by_another(parent.subkeys[i], viewer)) return parent.subkeys[i].change->branch;
  return nullptr;
}

}  // namespace mica::cm
