// Elements of generic tables by their numbers.
//   [MSDN RtlGetElementGenericTable, RtlGetElementGenericTableAvl]
#include "table_support.hpp"

#include <initializer_list>

using namespace mica::test;

namespace {

// Numbers are of that order, forward, back and after changes.
template <class Table>
void check_numbers(Table& table, ULONG const* keys, ULONG count) noexcept {
  for (ULONG i = 0; i < count; ++i) MICA_CHECK(table.numbered(i)->key == keys[i]);
  for (ULONG i = count; i-- > 0;) MICA_CHECK(table.numbered(i)->key == keys[i]);
  MICA_CHECK(table.numbered(count) == nullptr);
}

// What is deleted before an element, or is one, changes the numbers of those behind it.
template <class Table>
void numbers_after_deleting() noexcept {
  for (ULONG const deleted : {0, 1, 2}) {
    Books books;
    Table table{books};
    for (ULONG key = 0; key < 5; ++key) insert(table, key);
    MICA_CHECK(table.numbered(2)->key == 2);
    MICA_CHECK(table.remove(deleted));
    MICA_CHECK(table.numbered(2)->key == 3 && table.numbered(3)->key == 4);
    empty(table, books);
  }
}

}  // namespace

MICA_CASE("Rtl: elements of a generic table are numbered in the order of their insertion") {
  Books books;
  Splayed table{books};
  MICA_CHECK(table.numbered(0) == nullptr);
  for (ULONG const key : {7, 3, 9, 1, 5}) insert(table, key);
  ULONG const first[] = {7, 3, 9, 1, 5};
  check_numbers(table, first, 5);
  MICA_CHECK(table.remove(3));
  ULONG const second[] = {7, 9, 1, 5};
  check_numbers(table, second, 4);
  insert(table, 3);
  ULONG const third[] = {7, 9, 1, 5, 3};
  check_numbers(table, third, 5);
  empty(table, books);
}

MICA_CASE("Rtl: elements of a balanced generic table are numbered in their order") {
  Books books;
  Balanced table{books};
  MICA_CHECK(table.numbered(0) == nullptr);
  for (ULONG const key : {7, 3, 9, 1, 5}) insert(table, key);
  ULONG const first[] = {1, 3, 5, 7, 9};
  check_numbers(table, first, 5);
  MICA_CHECK(table.remove(3));
  ULONG const second[] = {1, 5, 7, 9};
  check_numbers(table, second, 4);
  insert(table, 0);
  ULONG const third[] = {0, 1, 5, 7, 9};
  check_numbers(table, third, 5);
  empty(table, books);
}

MICA_CASE("Rtl: numbers of elements count what is there after some were deleted") {
  numbers_after_deleting<Splayed>();
  numbers_after_deleting<Balanced>();
}
