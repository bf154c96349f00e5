// Lookaside lists.           [MSDN ExInitializeNPagedLookasideList, ExInitializeLookasideListEx]
//   A list is in use from its initialization to its deletion: then it stands in ex's list of them,
//   where the verifier's rules look for it.
#include <cstddef>

#include "base/list.hpp"
#include "ex/state.hpp"
#include "ke/verifier.hpp"
#include "mm/state.hpp"

using namespace mica;

namespace {

PVOID NTAPI allocate_from_pool(POOL_TYPE type, SIZE_T bytes, ULONG tag, PLOOKASIDE_LIST_EX) {
  return ExAllocatePoolWithTag(type, bytes, tag);
}

VOID NTAPI free_to_pool(PVOID buffer, PLOOKASIDE_LIST_EX) {
  ExFreePool(buffer);
}

[[nodiscard]] constexpr ULONG type_bits(POOL_TYPE type) noexcept {
  return static_cast<ULONG>(type);
}

[[nodiscard]] bool NTAPI in_use(ex::Lookasides& lists, LIST_ENTRY const& list) noexcept
    MICA_REQUIRES(lists.lock) {
  for (LIST_ENTRY* entry = lists.active.Flink; entry != &lists.active; entry = entry->Flink)
    if (entry == &list) return true;
  return false;
}

// Enters a list among those in use, or takes it away: whether that changed anything.
[[nodiscard]] bool NTAPI set_in_use(LIST_ENTRY& list, bool used) noexcept {
  ex::Lookasides& lists = ex::state().lookasides;
  ke::SpinGuard guard{lists.lock};
  if (in_use(lists, list) == used) return false;
  if (used) {
    list_append(lists.active, list);
  } else {
    list_remove(list);
  }
  return true;
}

// The first list in use that stands in [memory, memory + bytes); null: none does. Every kind of
// list has its ListEntry at the same place.
[[nodiscard]] void const* NTAPI find_in_use(ex::Lookasides& lists, void const* memory,
                                            std::size_t bytes) noexcept {
  ke::SpinGuard guard{lists.lock};
  for (LIST_ENTRY* entry = lists.active.Flink; entry != &lists.active; entry = entry->Flink) {
    auto const* const list = CONTAINING_RECORD(entry, GENERAL_LOOKASIDE_POOL, ListEntry);
    if (ke::as_parameter(list) - ke::as_parameter(memory) < bytes) return list;
  }
  return nullptr;
}
static_assert(offsetof(GENERAL_LOOKASIDE, ListEntry) ==
              offsetof(GENERAL_LOOKASIDE_POOL, ListEntry));

// The fields of the kinds of lists are the same, and two types that differ in their alignment.
template <class Fields>
void NTAPI begin(Fields& list, ULONG type, SIZE_T bytes, ULONG tag) noexcept {
  InitializeSListHead(&list.ListHead);
  if (bytes < LOOKASIDE_MINIMUM_BLOCK_SIZE)
    ke::violation(ke::Rule::lookaside_size, ke::as_parameter(&list), bytes,
                  LOOKASIDE_MINIMUM_BLOCK_SIZE);
  if (!set_in_use(list.ListEntry, true))
    ke::violation(ke::Rule::lookaside_again, ke::as_parameter(&list));
  mm::watch(&list);
  list.Depth = list.MaximumDepth = EX_MAXIMUM_LOOKASIDE_DEPTH_BASE;
  list.TotalAllocates = list.AllocateMisses = 0;
  list.TotalFrees = list.FreeMisses = 0;
  list.Type = static_cast<POOL_TYPE>(type);
  list.Tag = tag;
  list.Size = static_cast<ULONG>(bytes);
  list.LastTotalAllocates = list.LastAllocateMisses = 0;
  list.Future[0] = list.Future[1] = 0;
}

template <class Fields>
void NTAPI end(Fields& list) noexcept {
  if (!set_in_use(list.ListEntry, false))
    ke::violation(ke::Rule::lookaside_unknown, ke::as_parameter(&list));
}

// Calls release(entry) for each entry that the list keeps.
template <class Release>
void flush(SLIST_HEADER& list, Release release) noexcept {
  PSLIST_ENTRY entry = ExpInterlockedFlushSList(&list);
  while (entry != nullptr) {
    PSLIST_ENTRY const next = entry->Next;
    release(entry);
    entry = next;
  }
}

void NTAPI begin_older(GENERAL_LOOKASIDE& list, ULONG type, SIZE_T bytes, ULONG tag,
                       PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free) noexcept {
  begin(list, type, bytes, tag);
  list.Allocate = allocate != nullptr ? allocate : ExAllocatePoolWithTag;
  list.Free = free != nullptr ? free : ExFreePool;
}

void NTAPI end_older(GENERAL_LOOKASIDE& list) noexcept {
  end(list);
  flush(list.ListHead, [&list](void* entry) { list.Free(entry); });
}

void NTAPI flush_newer(LOOKASIDE_LIST_EX& list) noexcept {
  flush(list.L.ListHead, [&list](void* entry) { list.L.FreeEx(entry, &list); });
}

[[nodiscard]] bool is_pool_type(POOL_TYPE type) noexcept {
  constexpr ULONG known =
      PagedPool | NonPagedPoolCacheAligned | NonPagedPoolSession | NonPagedPoolNx;
  return (type_bits(type) & ~known) == 0;
}

}  // namespace

namespace mica::ex {

void NTAPI reject_live_lookasides(void const* memory, std::size_t bytes) noexcept {
  if (void const* const list = find_in_use(state().lookasides, memory, bytes)) [[unlikely]]
    ke::violation(ke::Rule::free_lookaside, ke::as_parameter(list), ke::as_parameter(memory),
                  bytes);
}

}  // namespace mica::ex

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside,
                                           PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                           ULONG Flags, SIZE_T Size, ULONG Tag, USHORT) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Lookaside);
  begin_older(Lookaside->L, NonPagedPool | Flags, Size, Tag, Allocate, Free);
}

VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside,
                                          PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                          ULONG Flags, SIZE_T Size, ULONG Tag, USHORT) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Lookaside);
  begin_older(Lookaside->L, PagedPool | Flags, Size, Tag, Allocate, Free);
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Lookaside);
  end_older(Lookaside->L);
}

VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Lookaside);
  end_older(Lookaside->L);
}

NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside,
                                           PALLOCATE_FUNCTION_EX Allocate, PFREE_FUNCTION_EX Free,
                                           POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag,
                                           USHORT) {
  if (!is_pool_type(PoolType)) return STATUS_INVALID_PARAMETER_4;
  ULONG type = type_bits(PoolType);
  switch (Flags) {
    case 0:
      break;
    case EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL:
      type |= POOL_RAISE_IF_ALLOCATION_FAILURE;
      break;
    case EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE:
      type |= POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
      break;
    default:
      return STATUS_INVALID_PARAMETER_5;
  }
  // The list itself is touched at most at DISPATCH_LEVEL, whatever its blocks are.
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Lookaside);
  begin(Lookaside->L, type, Size, Tag);
  Lookaside->L.AllocateEx = Allocate != nullptr ? Allocate : allocate_from_pool;
  Lookaside->L.FreeEx = Free != nullptr ? Free : free_to_pool;
  return STATUS_SUCCESS;
}

VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Lookaside);
  end(Lookaside->L);
  flush_newer(*Lookaside);
}

VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Lookaside);
  flush_newer(*Lookaside);
}
