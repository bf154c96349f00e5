// What the cases of generic tables share: elements, books of what a table allocates, and the
// routines of either kind of table under one name each.
#pragma once

#include <nt/ex.h>
#include <nt/rtl.h>
#include <mica/test.hpp>

namespace mica::test {

// Elements are ordered by key / `alike`: keys of one quotient are equal.
struct Entry {
  ULONG key;
  ULONG what;
};

// What its table's context is.
struct Books {
  ULONG alike = 1;
  ULONG live = 0;
  ULONG last_bytes = 0;
  bool exhausted = false;
  void* freed = nullptr;
};

constexpr ULONG table_tag = 'lbaT';

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
  return ExAllocatePoolWithTag(NonPagedPoolNx, bytes, table_tag);
}

template <class Table>
VOID NTAPI release(Table* table, PVOID element) noexcept {
  auto& books = *static_cast<Books*>(table->TableContext);
  --books.live;
  books.freed = element;
  ExFreePoolWithTag(element, table_tag);
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

}  // namespace mica::test
