// Generic tables, of splay trees and of balanced ones.
//   [MSDN RtlInitializeGenericTable, RtlInitializeGenericTableAvl and their relatives]
#include "table_support.hpp"

#include <initializer_list>

using namespace mica::test;

namespace {

constexpr ULONG most = 61;

// Both enumerations tell of the keys that are there, in order, and of nothing else.
template <class Table>
void check_order(Table& table, bool const (&there)[most]) noexcept {
  void* place = nullptr;
  bool restart = true;
  for (ULONG key = 0; key < most; ++key) {
    if (!there[key]) continue;
    Entry const* const one = table.enumerate(restart);
    MICA_REQUIRE(one != nullptr && one->key == key);
    Entry const* const other = table.after(place);
    MICA_REQUIRE(other != nullptr && other->key == key);
    restart = false;
  }
  MICA_CHECK(table.enumerate(restart) == nullptr && table.after(place) == nullptr);
}

template <class Table>
void many() noexcept {
  Books books;
  Table table{books};
  bool there[most] = {};
  ULONG count = 0, random = 1;
  for (ULONG step = 0; step < 600; ++step) {
    random = random * 1103515245 + 12345;
    ULONG const key = (random >> 16) % most;
    // More of one kind, and then more of the other: trees grow and shrink.
    bool const inserts = ((random >> 8) & 3) != 0 ? step % 200 < 100 : step % 200 >= 100;
    if (inserts) {
      Entry entry{key, step};
      BOOLEAN is_new = 2;
      Entry const* const found = table.insert(entry, &is_new);
      MICA_REQUIRE(found != nullptr && found->key == key);
      MICA_CHECK((is_new == TRUE) == !there[key] && (is_new == FALSE) == there[key]);
      count += there[key] ? 0 : 1;
      there[key] = true;
    } else {
      MICA_CHECK(table.remove(key) == there[key]);
      count -= there[key] ? 1 : 0;
      there[key] = false;
    }
    MICA_CHECK(table.count() == count && books.live == count && table.empty() == (count == 0));
    if (step % 25 == 0) check_order(table, there);
  }
  for (ULONG key = 0; key < most; ++key) MICA_CHECK((table.find(key) != nullptr) == there[key]);
  empty(table, books);
}

template <class Table>
void what_is_there_stays() noexcept {
  Books books;
  Table table{books};
  insert(table, 5);
  MICA_CHECK(books.last_bytes == Table::header + sizeof(Entry));
  Entry again{5, 99};
  BOOLEAN is_new = TRUE;
  Entry* const found = table.insert(again, &is_new);
  MICA_CHECK(is_new == FALSE && found == table.find(5) && found->what == 15 && books.live == 1);
  MICA_CHECK(table.insert(again, nullptr) == found);
  MICA_CHECK(!table.remove(6) && books.live == 1);
  auto* const element = reinterpret_cast<UCHAR*>(found) - Table::header;
  MICA_CHECK(table.remove(5) && books.freed == element && table.find(5) == nullptr);
  empty(table, books);
}

template <class Table>
void no_memory() noexcept {
  Books books;
  Table table{books};
  insert(table, 5);
  books.exhausted = true;
  Entry entry{6, 0};
  BOOLEAN is_new = TRUE;
  MICA_CHECK(table.insert(entry, &is_new) == nullptr && is_new == FALSE);
  MICA_CHECK(table.count() == 1 && table.find(6) == nullptr && table.find(5) != nullptr);
  BOOLEAN still = TRUE;
  entry.key = 5;
  MICA_CHECK(table.insert(entry, &still) == table.find(5) && still == FALSE);
  empty(table, books);
}

// The size is added to that of the links.
template <class Table, class Insert>
void too_large(Insert* insert_element) noexcept {
  Books books;
  Table table{books};
  Entry entry{5, 0};
  BOOLEAN is_new = TRUE;
  MICA_CHECK(insert_element(&table.table, &entry, 0xFFFF'FFF0, &is_new) == nullptr);
  MICA_CHECK(is_new == FALSE && table.empty() && books.last_bytes == 0);
}

template <class Table>
void in_two_steps() noexcept {
  Books books;
  Table table{books};
  for (ULONG const key : {10, 4, 16, 13}) {
    void* where = &books;
    TABLE_SEARCH_RESULT result;
    MICA_CHECK(table.find_place(key, where, result) == nullptr);
    MICA_CHECK((result == TableEmptyTree) == table.empty() && result != TableFoundNode);
    Entry entry{key, 1};
    BOOLEAN is_new = FALSE;
    Entry* const made = table.insert_at(entry, &is_new, where, result);
    MICA_CHECK(is_new == TRUE && made == table.find(key));
    MICA_CHECK(table.find_place(key, where, result) == made && result == TableFoundNode);
    entry.what = 2;
    MICA_CHECK(table.insert_at(entry, &is_new, where, result) == made);
    MICA_CHECK(is_new == FALSE && made->what == 1);
  }
  void* where;
  TABLE_SEARCH_RESULT result;
  MICA_CHECK(table.find_place(3, where, result) == nullptr && result == TableInsertAsLeft);
  MICA_CHECK(table.find_place(17, where, result) == nullptr && result == TableInsertAsRight);
  bool there[most] = {};
  there[4] = there[10] = there[13] = there[16] = true;
  check_order(table, there);
  empty(table, books);
}

}  // namespace

MICA_CASE("Rtl: a generic table has what was inserted and not deleted, in order") {
  many<Splayed>();
}

MICA_CASE("Rtl: a balanced generic table has what was inserted and not deleted, in order") {
  many<Balanced>();
}

MICA_CASE("Rtl: what is in a generic table already is told and stays as it is") {
  what_is_there_stays<Splayed>();
  what_is_there_stays<Balanced>();
}

MICA_CASE("Rtl: a generic table without memory for an element goes on without it") {
  no_memory<Splayed>();
  no_memory<Balanced>();
}

MICA_CASE("Rtl: an element of a generic table whose size overflows is not made") {
  too_large<Splayed>(&RtlInsertElementGenericTable);
  too_large<Balanced>(&RtlInsertElementGenericTableAvl);
}

MICA_CASE("Rtl: where something belongs in a generic table is found first, and used then") {
  in_two_steps<Splayed>();
  in_two_steps<Balanced>();
}

MICA_CASE("Rtl: what is found in a generic table is the root of its tree then") {
  Books books;
  Splayed table{books};
  for (ULONG const key : {7, 3, 9, 1, 5}) insert(table, key);
  for (ULONG const key : {1, 9, 5}) {
    auto* const found = reinterpret_cast<UCHAR*>(table.find(key));
    MICA_CHECK(reinterpret_cast<UCHAR*>(table.table.TableRoot) == found - Splayed::header);
  }
  empty(table, books);
}

MICA_CASE("Rtl: a balanced generic table says how deep its tree is, and counts deletions") {
  Books books;
  Balanced table{books};
  constexpr ULONG depths[] = {1, 2, 2, 3, 3, 3, 3, 4};  // in the order of the keys
  for (ULONG key = 0; key < 8; ++key) {
    insert(table, key);
    MICA_CHECK(table.table.DepthOfTree == depths[key]);
  }
  MICA_CHECK(table.remove(7) && table.table.DepthOfTree == 3 && table.table.DeleteCount == 1);
  empty(table, books);
  MICA_CHECK(table.table.DepthOfTree == 0 && table.table.DeleteCount == 8);
}

MICA_CASE("Rtl: what an enumeration of a balanced generic table is at may be deleted") {
  Books books;
  Balanced table{books};
  for (ULONG key = 0; key < 10; ++key) insert(table, key);
  ULONG seen = 0;
  for (Entry* at = table.enumerate(true); at != nullptr; at = table.enumerate(false)) {
    MICA_REQUIRE(at->key == seen);
    ++seen;
    if (at->key % 3 == 0) MICA_CHECK(table.remove(at->key));
  }
  MICA_CHECK(seen == 10 && table.count() == 6);
  empty(table, books);
}

MICA_CASE("Rtl: the first of equal elements is found, and the enumeration goes on from it") {
  Books books;
  Balanced table{books};
  for (ULONG key = 0; key < 40; ++key) insert(table, key);
  books.alike = 10;
  Entry wanted{25, 0};
  void* place = nullptr;
  auto const* const first = static_cast<Entry*>(
      RtlLookupFirstMatchingElementGenericTableAvl(&table.table, &wanted, &place));
  MICA_REQUIRE(first != nullptr && first->key == 20);
  Entry const* const next = table.after(place);
  MICA_CHECK(next != nullptr && next->key == 21);
  wanted.key = 3;
  MICA_CHECK(static_cast<Entry*>(
                 RtlLookupFirstMatchingElementGenericTableAvl(&table.table, &wanted, &place))
                 ->key == 0);
  wanted.key = 40;
  MICA_CHECK(RtlLookupFirstMatchingElementGenericTableAvl(&table.table, &wanted, &place) ==
             nullptr);
  books.alike = 1;
  empty(table, books);
}
