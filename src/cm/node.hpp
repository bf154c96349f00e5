// A key of the tree, and its values. Key objects (key.hpp) refer to it.
//   It lives while it stands in the tree, while key objects refer to it, and while nodes below it
//   do, deleted or not: so a path can always be told. Its name and its parent never change. All
//   else is guarded by the lock of the tree, State::lock. IRQL PASSIVE_LEVEL.
#pragma once

#include <nt/cm/key.h>
#include <nt/ntstatus.h>

#include <atomic>
#include <cstddef>

#include "cm/pointers.hpp"

namespace mica::cm {

// Names as documented.                                    [MSDN "Registry Element Size Limits"]
inline constexpr USHORT key_name_bytes_max = 255 * sizeof(WCHAR);
inline constexpr USHORT value_name_bytes_max = 16'383 * sizeof(WCHAR);

inline constexpr ULONG tag_key = ob::pool_tag("CmKy");
inline constexpr ULONG tag_value = ob::pool_tag("CmVa");
inline constexpr ULONG tag_data = ob::pool_tag("CmDa");

// What a value holds. The memory is its owner's.
struct Data {
  ULONG type;
  ULONG bytes;
  void const* start;
};

struct Value {
  ULONG hash;
  ULONG type;
  ULONG bytes;
  std::byte* data;      // a block of its own; null without data
  UNICODE_STRING name;  // its characters follow
};

struct Traits {
  bool is_volatile = false;
  bool is_link = false;    // a symbolic link
  bool is_fixed = false;   // is never deleted
  bool is_closed = false;  // nobody makes keys beneath it
};

struct Branch;
struct Change;

struct Node {
  std::atomic<ULONG> references;
  ULONG path_bytes;  // of the whole path
  Node* parent;      // referenced; null: the root
  Traits traits;
  bool deleted;
  LONGLONG written_100ns;
  UNICODE_STRING name;        // its characters follow
  UNICODE_STRING class_name;  // a block of its own, or nothing
  Pointers<Node> subkeys;     // in the order of their names in upper case; each referenced
  Pointers<Value> values;     // in the order in which they were first set
  Change* change;             // what a transaction has made of it (branch.hpp), or null
};

inline void reference(Node& node) noexcept {
  node.references.fetch_add(1, std::memory_order_relaxed);
}
// Needs no lock: who drops the last reference is alone with it.
void NTAPI dereference(Node& node) noexcept;

// Beneath `parent`, where nobody who will see it sees a key of that name; it has the one reference
// of its place. Null stands for no class. STATUS_NAME_TOO_LONG, STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI add_node(Node* parent, UNICODE_STRING const& name,
                                      UNICODE_STRING const* class_name, Traits traits,
                                      Node** made) noexcept;
// The subkeys of one name stand side by side: where they begin, or would; and whether the one at
// `index` is of them.
[[nodiscard]] ULONG NTAPI first_place_of(Node const& node, UNICODE_STRING const& name) noexcept;
[[nodiscard]] bool NTAPI is_named(Node const& node, ULONG index,
                                  UNICODE_STRING const& name) noexcept;
// The one that the viewer sees (branch.hpp); null: there is none.
[[nodiscard]] Node* NTAPI find_subkey(Node const& node, UNICODE_STRING const& name,
                                      Branch const* viewer) noexcept;
// Takes it out of the tree. Only its own references keep it then.
void NTAPI delete_node(Node& node) noexcept;

// The path from the root on, without a terminating null: path_bytes of them.
void NTAPI write_path(Node const& node, WCHAR* buffer) noexcept;

// It was changed now.
void NTAPI touch(Node& node) noexcept;

// The time.
[[nodiscard]] LONGLONG NTAPI now_100ns() noexcept;

// ---- Values (values.cpp).
// The place of the value of that name; values.size(): there is none.
[[nodiscard]] ULONG NTAPI find_value(Pointers<Value> const& values,
                                     UNICODE_STRING const& name) noexcept;
// STATUS_INSUFFICIENT_RESOURCES, and nothing has changed.
[[nodiscard]] NTSTATUS NTAPI set_value(Pointers<Value>& values, UNICODE_STRING const& name,
                                       Data const& data) noexcept;
void NTAPI delete_value(Pointers<Value>& values, ULONG index) noexcept;
void NTAPI delete_values(Pointers<Value>& values) noexcept;
// All of them, where there are none yet. False: there is no memory, and nothing has changed.
[[nodiscard]] bool NTAPI copy_values(Pointers<Value> const& from, Pointers<Value>& to) noexcept;

// ---- What all keys and values of a node come to.
struct Extent {
  ULONG subkey_name_bytes_max;
  ULONG subkey_class_bytes_max;
  ULONG value_name_bytes_max;
  ULONG value_data_bytes_max;
};
[[nodiscard]] Extent NTAPI extent_of(Node const& node, Branch const* viewer) noexcept;

}  // namespace mica::cm
