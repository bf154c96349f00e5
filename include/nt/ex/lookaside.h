// Lookaside lists: blocks of one size, kept for the next who needs one.
//   The caller provides the list's memory, nonpaged, aligned to 16 bytes. The fields are public
//   because the DDK's allocate and free are inline; their counts may miss some.
//   Misuse is bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION with the list's address as second
//   parameter: 0xCA it is in use already, 0xCB it is not, 0xCD its blocks are too small (third
//   parameter: their size; fourth: LOOKASIDE_MINIMUM_BLOCK_SIZE).
//   Nonpaged lists: IRQL <= DISPATCH_LEVEL. Paged ones: IRQL <= APC_LEVEL.
//   Nothing changes Depth: a list keeps as many blocks as EX_MAXIMUM_LOOKASIDE_DEPTH_BASE.
#pragma once

#include <nt/ex/slist.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _LOOKASIDE_LIST_EX LOOKASIDE_LIST_EX, *PLOOKASIDE_LIST_EX;

// PoolType, NumberOfBytes and Tag are the list's; with its flags in PoolType.
typedef PVOID(NTAPI ALLOCATE_FUNCTION)(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag);
typedef ALLOCATE_FUNCTION* PALLOCATE_FUNCTION;
typedef PVOID(NTAPI ALLOCATE_FUNCTION_EX)(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          PLOOKASIDE_LIST_EX Lookaside);
typedef ALLOCATE_FUNCTION_EX* PALLOCATE_FUNCTION_EX;
typedef VOID(NTAPI FREE_FUNCTION)(PVOID Buffer);
typedef FREE_FUNCTION* PFREE_FUNCTION;
typedef VOID(NTAPI FREE_FUNCTION_EX)(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside);
typedef FREE_FUNCTION_EX* PFREE_FUNCTION_EX;

#define GENERAL_LOOKASIDE_LAYOUT      \
  union {                             \
    SLIST_HEADER ListHead;            \
    SINGLE_LIST_ENTRY SingleListHead; \
  };                                  \
  USHORT Depth;                       \
  USHORT MaximumDepth;                \
  ULONG TotalAllocates;               \
  union {                             \
    ULONG AllocateMisses;             \
    ULONG AllocateHits;               \
  };                                  \
  ULONG TotalFrees;                   \
  union {                             \
    ULONG FreeMisses;                 \
    ULONG FreeHits;                   \
  };                                  \
  POOL_TYPE Type;                     \
  ULONG Tag;                          \
  ULONG Size;                         \
  union {                             \
    PALLOCATE_FUNCTION_EX AllocateEx; \
    PALLOCATE_FUNCTION Allocate;      \
  };                                  \
  union {                             \
    PFREE_FUNCTION_EX FreeEx;         \
    PFREE_FUNCTION Free;              \
  };                                  \
  LIST_ENTRY ListEntry;               \
  ULONG LastTotalAllocates;           \
  union {                             \
    ULONG LastAllocateMisses;         \
    ULONG LastAllocateHits;           \
  };                                  \
  ULONG Future[2];

typedef struct DECLSPEC_ALIGN(64) _GENERAL_LOOKASIDE {
  GENERAL_LOOKASIDE_LAYOUT
} GENERAL_LOOKASIDE, *PGENERAL_LOOKASIDE;

typedef struct _GENERAL_LOOKASIDE_POOL {
  GENERAL_LOOKASIDE_LAYOUT
} GENERAL_LOOKASIDE_POOL, *PGENERAL_LOOKASIDE_POOL;

typedef struct _PAGED_LOOKASIDE_LIST {
  GENERAL_LOOKASIDE L;
} PAGED_LOOKASIDE_LIST, *PPAGED_LOOKASIDE_LIST;

typedef struct DECLSPEC_ALIGN(64) _NPAGED_LOOKASIDE_LIST {
  GENERAL_LOOKASIDE L;
} NPAGED_LOOKASIDE_LIST, *PNPAGED_LOOKASIDE_LIST;

struct _LOOKASIDE_LIST_EX {
  GENERAL_LOOKASIDE_POOL L;
};

#define LOOKASIDE_MINIMUM_BLOCK_SIZE 8
#define EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL 0x00000001UL
#define EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE 0x00000002UL
#define EX_MAXIMUM_LOOKASIDE_DEPTH_BASE 256
#define EX_MAXIMUM_LOOKASIDE_DEPTH_LIMIT 1024

// Size: bytes of a block. Allocate, Free: null for the pool's own. Flags: of POOL_TYPE's companions
// POOL_RAISE_IF_ALLOCATION_FAILURE and POOL_NX_ALLOCATION. Depth is reserved, 0.
//                                                            [MSDN ExInitializeNPagedLookasideList]
VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside,
                                           PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                           ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth);
VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside,
                                          PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                          ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth);

// Frees what the list keeps; nobody may use it any more.         [MSDN ExDeleteNPagedLookasideList]
VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside);
VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside);

// The same, and the routines are told which list calls them. Flags: 0 or one of
// EX_LOOKASIDE_LIST_EX_FLAGS_XXX. STATUS_INVALID_PARAMETER_4 (PoolType), STATUS_INVALID_PARAMETER_5
// (Flags).                                                       [MSDN ExInitializeLookasideListEx]
NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside,
                                           PALLOCATE_FUNCTION_EX Allocate, PFREE_FUNCTION_EX Free,
                                           POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag,
                                           USHORT Depth);
VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside);

// Frees what the list keeps; it stays in use.                         [MSDN ExFlushLookasideListEx]
VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside);

// ---- Inline, as in the DDK. An entry is its owner's until it is freed; null without memory.
//                                                          [MSDN ExAllocateFromNPagedLookasideList]
FORCEINLINE VOID ExpCountLookaside(PULONG Count) {
  __atomic_store_n(Count, __atomic_load_n(Count, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

FORCEINLINE PVOID ExpAllocateFromLookaside(PGENERAL_LOOKASIDE L) {
  PVOID Entry;
  ExpCountLookaside(&L->TotalAllocates);
  Entry = ExpInterlockedPopEntrySList(&L->ListHead);
  if (Entry == NULL) {
    ExpCountLookaside(&L->AllocateMisses);
    Entry = L->Allocate(L->Type, L->Size, L->Tag);
  }
  return Entry;
}

FORCEINLINE VOID ExpFreeToLookaside(PGENERAL_LOOKASIDE L, PVOID Entry) {
  ExpCountLookaside(&L->TotalFrees);
  if (ExQueryDepthSList(&L->ListHead) >= L->Depth) {
    ExpCountLookaside(&L->FreeMisses);
    L->Free(Entry);
  } else {
    ExpInterlockedPushEntrySList(&L->ListHead, (PSLIST_ENTRY)Entry);
  }
}

FORCEINLINE PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
  return ExpAllocateFromLookaside(&Lookaside->L);
}
FORCEINLINE VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry) {
  ExpFreeToLookaside(&Lookaside->L, Entry);
}
FORCEINLINE PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
  return ExpAllocateFromLookaside(&Lookaside->L);
}
FORCEINLINE VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry) {
  ExpFreeToLookaside(&Lookaside->L, Entry);
}

FORCEINLINE PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
  PGENERAL_LOOKASIDE_POOL L = &Lookaside->L;
  PVOID Entry;
  ExpCountLookaside(&L->TotalAllocates);
  Entry = ExpInterlockedPopEntrySList(&L->ListHead);
  if (Entry == NULL) {
    ExpCountLookaside(&L->AllocateMisses);
    Entry = L->AllocateEx(L->Type, L->Size, L->Tag, Lookaside);
  }
  return Entry;
}
FORCEINLINE VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry) {
  PGENERAL_LOOKASIDE_POOL L = &Lookaside->L;
  ExpCountLookaside(&L->TotalFrees);
  if (ExQueryDepthSList(&L->ListHead) >= L->Depth) {
    ExpCountLookaside(&L->FreeMisses);
    L->FreeEx(Entry, Lookaside);
  } else {
    ExpInterlockedPushEntrySList(&L->ListHead, (PSLIST_ENTRY)Entry);
  }
}

#ifdef __cplusplus
}
#endif
