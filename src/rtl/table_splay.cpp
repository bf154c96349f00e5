// Generic tables of splay trees. Elements stand in a list too, in the order of their insertion.
//   [MSDN RtlInitializeGenericTable and its relatives]
#include "base/list.hpp"
#include "rtl/table.hpp"

namespace mica::rtl {
namespace {

using Links = RTL_SPLAY_LINKS;
using Table = RTL_GENERIC_TABLE;

struct Element {
  Links links;  // first
  LIST_ENTRY inserted;
};

[[nodiscard]] Element& element_of(void* links) noexcept {
  return *static_cast<Element*>(links);
}

// What is found becomes the root. What is not leaves the tree as it is: where it belongs stays
// true.
[[nodiscard]] Found NTAPI look_up(Table& table, void* wanted) noexcept {
  Found const found = find<Element>(table, table.TableRoot, wanted);
  if (found.result == TableFoundNode) table.TableRoot = RtlSplay(static_cast<Links*>(found.links));
  return found;
}

void* NTAPI insert(Table& table, void const* data, ULONG bytes, BOOLEAN* is_new,
                   Found const& where) noexcept {
  say(is_new, false);
  if (where.result == TableFoundNode) return data_of(element_of(where.links));
  Element* const element = make_element<Element>(table, data, bytes);
  if (element == nullptr) return nullptr;
  RtlInitializeSplayLinks(&element->links);
  if (where.result != TableEmptyTree) {
    Side const side = where.result == TableInsertAsLeft ? Side::left : Side::right;
    attach(*static_cast<Links*>(where.links), side, &element->links);
  }
  table.TableRoot = RtlSplay(&element->links);
  list_append(table.InsertOrderList, element->inserted);
  ++table.NumberGenericTableElements;
  say(is_new, true);
  return data_of(*element);
}

void NTAPI remove(Table& table, Element& element) noexcept {
  table.TableRoot = RtlDelete(&element.links);
  list_remove(element.inserted);
  --table.NumberGenericTableElements;
  forget_number(table);
}

// What follows those links; the first, if they are null.
[[nodiscard]] Links* NTAPI next(Table const& table, Links* links) noexcept {
  if (links != nullptr) return neighbour(*links, Side::right);
  return table.TableRoot != nullptr ? &outermost(*table.TableRoot, Side::left) : nullptr;
}

// By steps from the last that was asked for, or from the first.
[[nodiscard]] Element& NTAPI numbered(Table& table, ULONG number) noexcept {
  LIST_ENTRY* at = table.OrderedPointer;
  if (at == nullptr || number < table.WhichOrderedElement) {
    at = table.InsertOrderList.Flink;
    table.WhichOrderedElement = 0;
  }
  for (; table.WhichOrderedElement < number; ++table.WhichOrderedElement) at = at->Flink;
  table.OrderedPointer = at;
  return MICA_CONTAINING(*at, Element, inserted);
}

}  // namespace
}  // namespace mica::rtl

using namespace mica;
using namespace mica::rtl;

VOID NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table,
                                     PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                     PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                     PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext) {
  *Table = {};
  list_initialize(Table->InsertOrderList);
  Table->CompareRoutine = CompareRoutine;
  Table->AllocateRoutine = AllocateRoutine;
  Table->FreeRoutine = FreeRoutine;
  Table->TableContext = TableContext;
}

PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                         PBOOLEAN NewElement) {
  return insert(*Table, Buffer, BufferSize, NewElement, look_up(*Table, Buffer));
}

PVOID NTAPI RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                             CLONG BufferSize, PBOOLEAN NewElement,
                                             PVOID NodeOrParent, TABLE_SEARCH_RESULT SearchResult) {
  return insert(*Table, Buffer, BufferSize, NewElement, {NodeOrParent, SearchResult});
}

BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
  Found const found = look_up(*Table, Buffer);
  if (found.result != TableFoundNode) return FALSE;
  remove(*Table, element_of(found.links));
  Table->FreeRoutine(Table, found.links);
  return TRUE;
}

PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
  return data_if<Element>(look_up(*Table, Buffer));
}

PVOID NTAPI RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer,
                                             PVOID* NodeOrParent,
                                             TABLE_SEARCH_RESULT* SearchResult) {
  Found const found = look_up(*Table, Buffer);
  *NodeOrParent = found.links;
  *SearchResult = found.result;
  return data_if<Element>(found);
}

PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart) {
  auto* const links = next(*Table, Restart != FALSE ? nullptr : Table->TableRoot);
  if (links == nullptr) return nullptr;
  Table->TableRoot = RtlSplay(links);
  return data_of(element_of(links));
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID* RestartKey) {
  auto* const links = next(*Table, static_cast<Links*>(*RestartKey));
  if (links == nullptr) return nullptr;
  *RestartKey = links;
  return data_of(element_of(links));
}

PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I) {
  return I < Table->NumberGenericTableElements ? data_of(numbered(*Table, I)) : nullptr;
}

ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table) {
  return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table) {
  return Table->NumberGenericTableElements == 0 ? TRUE : FALSE;
}
