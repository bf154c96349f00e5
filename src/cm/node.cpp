#include "cm/node.hpp"

#include <nt/ke.h>
#include <nt/rtl.h>

#include <algorithm>

#include "cm/branch.hpp"

namespace mica::cm {
namespace {

void destroy(Node& node) noexcept {
  delete_values(node.values);
  node.subkeys.destroy();
  if (node.class_name.Buffer != nullptr) ExFreePoolWithTag(node.class_name.Buffer, tag_key);
  ExFreePoolWithTag(&node, tag_key);
}

[[nodiscard]] bool copy_class(Node& node, UNICODE_STRING const* class_name) noexcept {
  if (class_name == nullptr || class_name->Length == 0) return true;
  USHORT const bytes = class_name->Length;
  auto* const text = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_key));
  if (text == nullptr) return false;
  std::memcpy(text, class_name->Buffer, bytes);
  node.class_name = {bytes, bytes, text};
  return true;
}

// A node that stands nowhere yet, with one reference; null without memory.
[[nodiscard]] Node* make(UNICODE_STRING const& name, UNICODE_STRING const* class_name,
                         Traits traits) noexcept {
  auto* const made =
      static_cast<Node*>(ExAllocatePool2(POOL_FLAG_PAGED, sizeof(Node) + name.Length, tag_key));
  if (made == nullptr) return nullptr;
  Node& node = *made;
  node.references.store(1, std::memory_order_relaxed);
  node.traits = traits;
  node.name = {name.Length, name.Length, reinterpret_cast<WCHAR*>(&node + 1)};
  std::memcpy(node.name.Buffer, name.Buffer, name.Length);
  touch(node);
  if (copy_class(node, class_name)) return &node;
  destroy(node);
  return nullptr;
}

}  // namespace

void NTAPI dereference(Node& node) noexcept {
  Node* at = &node;
  while (at != nullptr && at->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    Node* const parent = at->parent;
    destroy(*at);
    at = parent;
  }
}

NTSTATUS NTAPI add_node(Node* parent, UNICODE_STRING const& name, UNICODE_STRING const* class_name,
                        Traits traits, Node** made) noexcept {
  ULONG const path_bytes =
      (parent != nullptr ? parent->path_bytes : 0) + ULONG{sizeof(WCHAR)} + name.Length;
  if (path_bytes > UNICODE_STRING_MAX_BYTES) return STATUS_NAME_TOO_LONG;
  Node* const node = make(name, class_name, traits);
  if (node == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  node->path_bytes = path_bytes;
  if (parent != nullptr) {
    if (!parent->subkeys.insert(first_place_of(*parent, name), *node)) {
      destroy(*node);
      return STATUS_INSUFFICIENT_RESOURCES;
    }
    node->parent = parent;
    reference(*parent);
  }
  *made = node;
  return STATUS_SUCCESS;
}

ULONG NTAPI first_place_of(Node const& node, UNICODE_STRING const& name) noexcept {
  ULONG low = 0, high = node.subkeys.size();
  while (low < high) {
    ULONG const middle = low + (high - low) / 2;
    if (RtlCompareUnicodeString(&name, &node.subkeys[middle].name, TRUE) <= 0)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

bool NTAPI is_named(Node const& node, ULONG index, UNICODE_STRING const& name) noexcept {
  return index < node.subkeys.size() &&
         RtlEqualUnicodeString(&name, &node.subkeys[index].name, TRUE) != FALSE;
}

Node* NTAPI find_subkey(Node const& node, UNICODE_STRING const& name,
                        Branch const* viewer) noexcept {
  for (ULONG i = first_place_of(node, name); is_named(node, i, name); ++i)
    if (is_visible(node.subkeys[i], viewer)) return &node.subkeys[i];
  return nullptr;
}

void NTAPI delete_node(Node& node) noexcept {
  Pointers<Node>& places = node.parent->subkeys;
  ULONG index = first_place_of(*node.parent, node.name);
  while (&places[index] != &node) ++index;
  places.remove(index);
  node.deleted = true;
  dereference(node);
}

void NTAPI write_path(Node const& node, WCHAR* buffer) noexcept {
  WCHAR* end = buffer + node.path_bytes / sizeof(WCHAR);
  for (Node const* at = &node; at != nullptr; at = at->parent) {
    end -= at->name.Length / sizeof(WCHAR);
    std::memcpy(end, at->name.Buffer, at->name.Length);
    *--end = OBJ_NAME_PATH_SEPARATOR;
  }
}

LONGLONG NTAPI now_100ns() noexcept {
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  return now.QuadPart;
}

void NTAPI touch(Node& node) noexcept {
  node.written_100ns = now_100ns();
}

Extent NTAPI extent_of(Node const& node, Branch const* viewer) noexcept {
  Extent extent{};
  for (Node const* const subkey : node.subkeys) {
    if (!is_visible(*subkey, viewer)) continue;
    extent.subkey_name_bytes_max =
        std::max<ULONG>(extent.subkey_name_bytes_max, subkey->name.Length);
    extent.subkey_class_bytes_max =
        std::max<ULONG>(extent.subkey_class_bytes_max, subkey->class_name.Length);
  }
  for (Value const* const value : values_of(node, viewer)) {
    extent.value_name_bytes_max = std::max<ULONG>(extent.value_name_bytes_max, value->name.Length);
    extent.value_data_bytes_max = std::max(extent.value_data_bytes_max, value->bytes);
  }
  return extent;
}

}  // namespace mica::cm
