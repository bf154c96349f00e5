// Generic tables, of splay trees and of balanced ones.
//   [MSDN RtlInitializeGenericTable, RtlInitializeGenericTableAvl and their relatives]
#include <nt/ex.h>
#include <nt/rtl.h>
#include <mica/test.hpp>

#include <initializer_list>

using namespace mica::test;

namespace {

constexpr ULONG tag = 'lbaT';
constexpr ULONG most = 61;

// Elements are ordered by key / `alike`: keys of one quotient are equal.
struct Entry {
  ULONG key;
  ULONG what;
};

struct Books {
  ULONG alike = 1;
  ULONG live = 0;
  ULONG last_bytes = 0;
  bool exhausted = false;
  void* freed = nullptr;
};

template <class Table>
RTL_GENERIC_COMPARE_RESULTS NTAPI compare(Table* table, PVOID first, PVOID second) noexcept {
  ULONG const alike = static_cast<Books*>(table->TableContext)->alike;
  ULONG const left = static_cast<Entry*>(first)->key / alike;
  ULONG const right = static_cast<Entry*>(second)->key / alike;
  return left < right ? GenericLessThan : left > right ? GenericGreaterThan : GenericEqual;
}

template <class Table>
PVOID NTAPI allocate(Table* table, CLONG bytes) noexcept {
  auto& books = *static_cast<Books*>(table->TableContext);
  books.last_bytes = bytes;
  if (books.exhausted) return nullptr;
  ++books.live;
  return ExAllocatePoolWithTag(NonPagedPoolNx, bytes, tag);
}

template <class Table>
VOID NTAPI release(Table* table, PVOID element) noexcept {
  auto& books = *static_cast<Books*>(table->TableContext);
  --books.live;
  books.freed = element;
  ExFreePoolWithTag(element, tag);
}

// The same routines under one name each.
#define MICA_TABLE(NAME, TABLE, HEADER, SUFFIX)                                                  \
  struct NAME {                                                                                  \
    static constexpr ULONG header = HEADER;                                                      \
    TABLE table;                                                                                 \
    explicit NAME(Books& books) noexcept {                                                       \
      RtlInitializeGenericTable##SUFFIX(&table, compare<TABLE>, allocate<TABLE>, release<TABLE>, \
                                        &books);                                                 \
    }                                                                                            \
    Entry* insert(Entry& entry, BOOLEAN* is_new) noexcept {                                      \
      return static_cast<Entry*>(                                                                \
          RtlInsertElementGenericTable##SUFFIX(&table, &entry, sizeof entry, is_new));           \
    }                                                                                            \
    Entry* insert_at(Entry& entry, BOOLEAN* is_new, void* where,                                 \
                     TABLE_SEARCH_RESULT result) noexcept {                                      \
      return static_cast<Entry*>(RtlInsertElementGenericTableFull##SUFFIX(                       \
          &table, &entry, sizeof entry, is_new, where, result));                                 \
    }                                                                                            \
    bool remove(ULONG key) noexcept {                                                            \
      Entry wanted{key, 0};                                                                      \
      return RtlDeleteElementGenericTable##SUFFIX(&table, &wanted) == TRUE;                      \
    }                                                                                            \
    Entry* find(ULONG key) noexcept {                                                            \
      Entry wanted{key, 0};                                                                      \
      return static_cast<Entry*>(RtlLookupElementGenericTable##SUFFIX(&table, &wanted));         \
    }                                                                                            \
    Entry* find_place(ULONG key, void*& where, TABLE_SEARCH_RESULT& result) noexcept {           \
      Entry wanted{key, 0};                                                                      \
      return static_cast<Entry*>(                                                                \
          RtlLookupElementGenericTableFull##SUFFIX(&table, &wanted, &where, &result));           \
    }                                                                                            \
    Entry* enumerate(bool restart) noexcept {                                                    \
      return static_cast<Entry*>(                                                                \
          RtlEnumerateGenericTable##SUFFIX(&table, restart ? TRUE : FALSE));                     \
    }                                                                                            \
    Entry* after(void*& key) noexcept {                                                          \
      return static_cast<Entry*>(RtlEnumerateGenericTableWithoutSplaying##SUFFIX(&table, &key)); \
    }                                                                                            \
    Entry* numbered(ULONG number) noexcept {                                                     \
      return static_cast<Entry*>(RtlGetElementGenericTable##SUFFIX(&table, number));             \
    }                                                                                            \
    ULONG count() noexcept { return RtlNumberGenericTableElements##SUFFIX(&table); }             \
    bool empty() noexcept { return RtlIsGenericTableEmpty##SUFFIX(&table) == TRUE; }             \
  }
MICA_TABLE(Splayed, RTL_GENERIC_TABLE, sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY), );
MICA_TABLE(Balanced, RTL_AVL_TABLE, sizeof(RTL_BALANCED_LINKS), Avl);
#undef MICA_TABLE

template <class Table>
void insert(Table& table, ULONG key) noexcept {
  Entry entry{key, key * 3};
  BOOLEAN is_new = FALSE;
  Entry* const made = table.insert(entry, &is_new);
  MICA_CHECK(is_new == TRUE && made != &entry && made->key == key && made->what == key * 3);
}

template <class Table>
void empty(Table& table, Books const& books) noexcept {
  while (Entry* const first = table.enumerate(true)) MICA_REQUIRE(table.remove(first->key));
  MICA_CHECK(table.empty() && table.count() == 0 && books.live == 0);
}

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

// Numbers are of that order, forward, back and after changes.
template <class Table>
void check_numbers(Table& table, ULONG const* keys, ULONG count) noexcept {
  for (ULONG i = 0; i < count; ++i) MICA_CHECK(table.numbered(i)->key == keys[i]);
  for (ULONG i = count; i-- > 0;) MICA_CHECK(table.numbered(i)->key == keys[i]);
  MICA_CHECK(table.numbered(count) == nullptr);
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

MICA_CASE("Rtl: numbers of elements count what is there after some were deleted") {
  numbers_after_deleting<Splayed>();
  numbers_after_deleting<Balanced>();
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
