/* The pool, lookaside lists of each kind, and lists that several processors change at once. */
#define FAMILY "pool"
#include "expect.h"

#define POOL_TAG 'looP'

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD PoolUnload;
ALLOCATE_FUNCTION AllocateBlock;
FREE_FUNCTION FreeBlock;
ALLOCATE_FUNCTION_EX AllocateBlockEx;
FREE_FUNCTION_EX FreeBlockEx;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, PoolUnload)
#endif

static LONG Blocks; /* of the routines below */

_Use_decl_annotations_ PVOID AllocateBlock(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  ++Blocks;
  return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

_Use_decl_annotations_ VOID FreeBlock(PVOID Buffer) {
  --Blocks;
  ExFreePool(Buffer);
}

_Use_decl_annotations_ PVOID AllocateBlockEx(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                             PLOOKASIDE_LIST_EX Lookaside) {
  EXPECT(Lookaside->L.Size == NumberOfBytes && Lookaside->L.Tag == Tag);
  ++Blocks;
  return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

_Use_decl_annotations_ VOID FreeBlockEx(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside) {
  --Blocks;
  ExFreePoolWithTag(Buffer, Lookaside->L.Tag);
}

static VOID Use(PVOID Block, SIZE_T Size) {
  if (!EXPECT(Block != NULL)) return;
  RtlFillMemory(Block, Size, 0xA5);
  EXPECT(((PUCHAR)Block)[Size - 1] == 0xA5 && (ULONG_PTR)Block % 16 == 0);
  ExFreePool(Block);
}

static VOID CheckPool(VOID) {
  NTSTATUS Raised = STATUS_SUCCESS;
  PUCHAR Zeroed;

  Use(ExAllocatePool(NonPagedPool, 100), 100);
  Use(ExAllocatePoolWithTag(PagedPool, PAGE_SIZE + 1, POOL_TAG), PAGE_SIZE + 1);
  Use(ExAllocatePoolWithTagPriority(NonPagedPoolNx, 64, POOL_TAG, HighPoolPriority), 64);
  Use(ExAllocatePoolPriorityZero(NonPagedPoolNx, 64, POOL_TAG, LowPoolPriority), 64);
  Use(ExAllocatePoolWithQuota(PagedPool, 32), 32);
  Use(ExAllocatePoolWithQuotaTag((POOL_TYPE)(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), 32,
                                 POOL_TAG),
      32);
  Use(ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, 48, POOL_TAG), 48);
  Use(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, 48, POOL_TAG), 48);
  Use(FsRtlAllocatePool(PagedPool, 40), 40);
  Use(FsRtlAllocatePoolWithTag(PagedPool, 40, POOL_TAG), 40);
  Zeroed = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, POOL_TAG);
  if (EXPECT(Zeroed != NULL)) {
    EXPECT(Zeroed == PAGE_ALIGN(Zeroed) && Zeroed[0] == 0 && Zeroed[PAGE_SIZE - 1] == 0);
    ExFreePoolWithTag(Zeroed, POOL_TAG);
  }
  EXPECT(ExAllocatePoolWithTag(NonPagedPoolNx, MAXSIZE_T / 2, POOL_TAG) == NULL);
  __try {
    ExAllocatePoolWithQuotaTag(PagedPool, MAXSIZE_T / 2, POOL_TAG);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    Raised = GetExceptionCode();
  }
  EXPECT(Raised == STATUS_INSUFFICIENT_RESOURCES);
  Raised = STATUS_SUCCESS;
  __try {
    ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_RAISE_ON_FAILURE, MAXSIZE_T / 2, POOL_TAG);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    Raised = GetExceptionCode();
  }
  EXPECT(Raised == STATUS_INSUFFICIENT_RESOURCES);
}

static VOID CheckLookasides(VOID) {
  static NPAGED_LOOKASIDE_LIST Nonpaged;
  static PAGED_LOOKASIDE_LIST Paged;
  static LOOKASIDE_LIST_EX Extended;
  PVOID First, Second;

  ExInitializeNPagedLookasideList(&Nonpaged, NULL, NULL, POOL_NX_ALLOCATION, 80, POOL_TAG, 0);
  First = ExAllocateFromNPagedLookasideList(&Nonpaged);
  if (EXPECT(First != NULL)) ExFreeToNPagedLookasideList(&Nonpaged, First);
  EXPECT(ExAllocateFromNPagedLookasideList(&Nonpaged) == First);
  ExFreeToNPagedLookasideList(&Nonpaged, First);
  ExDeleteNPagedLookasideList(&Nonpaged);

  ExInitializePagedLookasideList(&Paged, AllocateBlock, FreeBlock, 0, 200, POOL_TAG, 0);
  First = ExAllocateFromPagedLookasideList(&Paged);
  Second = ExAllocateFromPagedLookasideList(&Paged);
  EXPECT(First != NULL && Second != NULL && First != Second && Blocks == 2);
  ExFreeToPagedLookasideList(&Paged, First);
  ExFreeToPagedLookasideList(&Paged, Second);
  EXPECT(ExAllocateFromPagedLookasideList(&Paged) == Second && Blocks == 2);
  ExFreeToPagedLookasideList(&Paged, Second);
  ExDeletePagedLookasideList(&Paged);
  EXPECT(Blocks == 0);

  EXPECT(ExInitializeLookasideListEx(&Extended, NULL, NULL, NonPagedPoolNx, 7, 64, POOL_TAG, 0) ==
         STATUS_INVALID_PARAMETER_5);
  EXPECT(NT_SUCCESS(
      ExInitializeLookasideListEx(&Extended, AllocateBlockEx, FreeBlockEx, NonPagedPoolNx,
                                  EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE, 64, POOL_TAG, 0)));
  First = ExAllocateFromLookasideListEx(&Extended);
  if (EXPECT(First != NULL && Blocks == 1)) ExFreeToLookasideListEx(&Extended, First);
  EXPECT(Blocks == 1);
  ExFlushLookasideListEx(&Extended);
  EXPECT(Blocks == 0);
  First = ExAllocateFromLookasideListEx(&Extended);
  if (EXPECT(First != NULL)) ExFreeToLookasideListEx(&Extended, First);
  ExDeleteLookasideListEx(&Extended);
  EXPECT(Blocks == 0);
}

static VOID CheckSequencedLists(VOID) {
  SLIST_HEADER Head;
  SLIST_ENTRY Entries[3];
  KSPIN_LOCK Lock;

  KeInitializeSpinLock(&Lock);
  ExInitializeSListHead(&Head);
  EXPECT(ExQueryDepthSList(&Head) == 0 && ExInterlockedPopEntrySList(&Head, &Lock) == NULL);
  EXPECT(ExInterlockedPushEntrySList(&Head, &Entries[0], &Lock) == NULL);
  EXPECT(InterlockedPushEntrySList(&Head, &Entries[1]) == &Entries[0]);
  EXPECT(InterlockedPushEntrySList(&Head, &Entries[2]) == &Entries[1]);
  EXPECT(ExQueryDepthSList(&Head) == 3 && QueryDepthSList(&Head) == 3);
  EXPECT(InterlockedPopEntrySList(&Head) == &Entries[2]);
  EXPECT(ExInterlockedFlushSList(&Head) == &Entries[1] && Entries[1].Next == &Entries[0]);
  EXPECT(InterlockedFlushSList(&Head) == NULL && ExQueryDepthSList(&Head) == 0);
}

static VOID CheckInterlockedLists(VOID) {
  LIST_ENTRY Head, Entries[3];
  SINGLE_LIST_ENTRY SingleHead = {NULL}, Singles[2];
  LARGE_INTEGER Large = {{5, 0}}, Increment = {{7, 0}};
  KSPIN_LOCK Lock;
  ULONG Number = 5;

  KeInitializeSpinLock(&Lock);
  InitializeListHead(&Head);
  EXPECT(ExInterlockedRemoveHeadList(&Head, &Lock) == NULL);
  EXPECT(ExInterlockedInsertHeadList(&Head, &Entries[0], &Lock) == NULL);
  EXPECT(ExInterlockedInsertHeadList(&Head, &Entries[1], &Lock) == &Entries[0]);
  EXPECT(ExInterlockedInsertTailList(&Head, &Entries[2], &Lock) == &Entries[0]);
  EXPECT(ExInterlockedRemoveHeadList(&Head, &Lock) == &Entries[1]);
  EXPECT(ExInterlockedRemoveHeadList(&Head, &Lock) == &Entries[0]);
  EXPECT(ExInterlockedRemoveHeadList(&Head, &Lock) == &Entries[2] && IsListEmpty(&Head));
  EXPECT(ExInterlockedPushEntryList(&SingleHead, &Singles[0], &Lock) == NULL);
  EXPECT(ExInterlockedPushEntryList(&SingleHead, &Singles[1], &Lock) == &Singles[0]);
  EXPECT(ExInterlockedPopEntryList(&SingleHead, &Lock) == &Singles[1]);
  EXPECT(ExInterlockedPopEntryList(&SingleHead, &Lock) == &Singles[0]);
  EXPECT(ExInterlockedPopEntryList(&SingleHead, &Lock) == NULL);
  EXPECT(ExInterlockedAddUlong(&Number, 3, &Lock) == 5 && Number == 8);
  EXPECT(ExInterlockedAddLargeInteger(&Large, Increment, &Lock).QuadPart == 5);
  ExInterlockedAddLargeStatistic(&Large, 8);
  EXPECT(Large.QuadPart == 20);
}

_Use_decl_annotations_ VOID PoolUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = PoolUnload;
  EXPECT(ExGetPreviousMode() == KernelMode);
  CheckPool();
  CheckLookasides();
  CheckSequencedLists();
  CheckInterlockedLists();
  return ExpectationsStatus();
}
