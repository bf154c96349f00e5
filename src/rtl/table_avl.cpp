// Generic tables of balanced trees.
//   [MSDN RtlInitializeGenericTableAvl and its relatives]
#include "rtl/balanced.hpp"
#include "rtl/table.hpp"

namespace mica::rtl {
namespace {

using Links = RTL_BALANCED_LINKS;
using Table = RTL_AVL_TABLE;

[[nodiscard]] Found NTAPI look_up(Table& table, void* wanted) noexcept {
  return find<Links>(table, table.BalancedRoot.RightChild, wanted);
}

[[nodiscard]] Links* NTAPI next(Table& table, Links& links) noexcept {
  return balanced::next(table.BalancedRoot, links, Side::right);
}

void* NTAPI insert(Table& table, void const* data, ULONG bytes, BOOLEAN* is_new,
                   Found const& where) noexcept {
  say(is_new, false);
  if (where.result == TableFoundNode) return data_of(*static_cast<Links*>(where.links));
  Links* const links = make_element<Links>(table, data, bytes);
  if (links == nullptr) return nullptr;
  Links& top = table.BalancedRoot;
  bool const is_first = where.result == TableEmptyTree;
  Links& parent = is_first ? top : *static_cast<Links*>(where.links);
  Side const side = where.result == TableInsertAsLeft ? Side::left : Side::right;
  table.DepthOfTree += balanced::insert(top, *links, parent, side) ? 1 : 0;
  ++table.NumberGenericTableElements;
  forget_number(table);
  say(is_new, true);
  return data_of(*links);
}

// The table's own enumeration goes on with what follows, as if it had been at what was before.
void NTAPI remove(Table& table, Links& links) noexcept {
  if (table.RestartKey == &links)
    table.RestartKey = balanced::next(table.BalancedRoot, links, Side::left);
  table.DepthOfTree -= balanced::remove(table.BalancedRoot, links) ? 1 : 0;
  --table.NumberGenericTableElements;
  ++table.DeleteCount;
  forget_number(table);
}

// Goes on behind `key`, from the beginning if that is null, and is at what it returns then.
void* NTAPI enumerate(Table& table, Links*& key) noexcept {
  Links* const links = next(table, key != nullptr ? *key : table.BalancedRoot);
  if (links == nullptr) return nullptr;
  key = links;
  return data_of(*links);
}

// By steps from the last that was asked for, or from the first.
[[nodiscard]] Links& NTAPI numbered(Table& table, ULONG number) noexcept {
  auto* at = static_cast<Links*>(table.OrderedPointer);
  if (at == nullptr || number < table.WhichOrderedElement) {
    at = next(table, table.BalancedRoot);
    table.WhichOrderedElement = 0;
  }
  for (; table.WhichOrderedElement < number; ++table.WhichOrderedElement) at = next(table, *at);
  table.OrderedPointer = at;
  return *at;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table,
                                        PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                        PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                        PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext) {
  *Table = {};
  Table->BalancedRoot.Parent = &Table->BalancedRoot;
  Table->CompareRoutine = CompareRoutine;
  Table->AllocateRoutine = AllocateRoutine;
  Table->FreeRoutine = FreeRoutine;
  Table->TableContext = TableContext;
}

PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                            PBOOLEAN NewElement) {
  return insert(*Table, Buffer, BufferSize, NewElement, look_up(*Table, Buffer));
}

PVOID NTAPI RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                CLONG BufferSize, PBOOLEAN NewElement,
                                                PVOID NodeOrParent,
                                                TABLE_SEARCH_RESULT SearchResult) {
  return insert(*Table, Buffer, BufferSize, NewElement, {NodeOrParent, SearchResult});
}

BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
  Found const found = look_up(*Table, Buffer);
  if (found.result != TableFoundNode) return FALSE;
  remove(*Table, *static_cast<Links*>(found.links));
  Table->FreeRoutine(Table, found.links);
  return TRUE;
}

PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
  return data_if<Links>(look_up(*Table, Buffer));
}

PVOID NTAPI RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                PVOID* NodeOrParent,
                                                TABLE_SEARCH_RESULT* SearchResult) {
  Found const found = look_up(*Table, Buffer);
  *NodeOrParent = found.links;
  *SearchResult = found.result;
  return data_if<Links>(found);
}

PVOID NTAPI RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                         PVOID* RestartKey) {
  Found const found = look_up(*Table, Buffer);
  if (found.result != TableFoundNode) return nullptr;
  auto* first = static_cast<Links*>(found.links);
  for (auto* at = first; at != nullptr; at = balanced::next(Table->BalancedRoot, *at, Side::left)) {
    if (Table->CompareRoutine(Table, Buffer, data_of(*at)) != GenericEqual) break;
    first = at;
  }
  *RestartKey = first;
  return data_of(*first);
}

PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart) {
  if (Restart != FALSE) Table->RestartKey = nullptr;
  return enumerate(*Table, Table->RestartKey);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID* RestartKey) {
  auto* key = static_cast<Links*>(*RestartKey);
  void* const data = enumerate(*Table, key);
  *RestartKey = key;
  return data;
}

PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I) {
  return I < Table->NumberGenericTableElements ? data_of(numbered(*Table, I)) : nullptr;
}

ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table) {
  return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table) {
  return Table->NumberGenericTableElements == 0 ? TRUE : FALSE;
}
