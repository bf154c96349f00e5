// What the two kinds of generic tables have in common: finding, and what an element is.
#pragma once

#include <nt/rtl/table.h>

#include <cstddef>

#include "rtl/tree.hpp"

namespace mica::rtl {

// Of a table's element: what stands before the driver's data, and the links in it.
template <class Header>
[[nodiscard]] void* data_of(Header& header) noexcept {
  return &header + 1;
}

struct Found {
  void* links;  // of the element, or of its parent to be; null: the tree is empty
  TABLE_SEARCH_RESULT result;
};

// From `root` on, which may be null. Element is what begins with the links.
template <class Element, class Table, class Links>
[[nodiscard]] Found NTAPI find(Table& table, Links* root, void* wanted) noexcept {
  Found found{nullptr, TableEmptyTree};
  for (Links* at = root; at != nullptr;) {
    auto const order =
        table.CompareRoutine(&table, wanted, data_of(*reinterpret_cast<Element*>(at)));
    found.links = at;
    if (order == GenericEqual) {
      found.result = TableFoundNode;
      return found;
    }
    found.result = order == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
    at = child(*at, order == GenericLessThan ? Side::left : Side::right);
  }
  return found;
}

// Memory for an element whose data are a copy of the driver's; null: there is none. Apart: memcpy
// is out of this convention, and would make who calls it save the vector registers.
template <class Element, class Table>
[[nodiscard, gnu::noinline]] Element* NTAPI make_element(Table& table, void const* data,
                                                         ULONG bytes) noexcept {
  ULONG const all = static_cast<ULONG>(sizeof(Element)) + bytes;
  if (all < bytes) return nullptr;
  auto* const element = static_cast<Element*>(table.AllocateRoutine(&table, all));
  if (element != nullptr) __builtin_memcpy(data_of(*element), data, bytes);
  return element;
}

// The driver's data of what was found; null: nothing was. Element is as in find().
template <class Element>
[[nodiscard]] void* data_if(Found const& found) noexcept {
  return found.result == TableFoundNode ? data_of(*static_cast<Element*>(found.links)) : nullptr;
}

// Numbers of elements count from the beginning again.
template <class Table>
void forget_number(Table& table) noexcept {
  table.OrderedPointer = nullptr;
}

inline void say(PBOOLEAN where, bool value) noexcept {
  if (where != nullptr) *where = value ? TRUE : FALSE;
}

}  // namespace mica::rtl
