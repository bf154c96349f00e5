// Executive resources: locks for readers and writers that a thread may take again.
//                                                        [MSDN Introduction to ERESOURCE Routines]
//   Whoever acquires one must keep normal kernel APCs away until it is released: in a critical or
//   guarded region, or at APC_LEVEL. Nonpaged memory of the caller's; opaque.
//   Misuse is bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION: acquired (0x37) or released (0x38) where
//   APCs come, not aligned (0x3D), initialised twice (0xD0), deleted (0xD1) or acquired (0x1002)
//   without having been initialised, deleted while somebody owns it (0x100B), left in a block that
//   is freed (0xD2); RESOURCE_NOT_OWNED: released, converted or handed over by who does not own it;
//   KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL: acquired above APC_LEVEL.
#pragma once

#include <nt/ke.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef ULONG_PTR ERESOURCE_THREAD, *PERESOURCE_THREAD;

typedef struct _OWNER_ENTRY {
  ERESOURCE_THREAD OwnerThread;
  union {
    struct {
      ULONG IoPriorityBoosted : 1;
      ULONG OwnerReferenced : 1;
      ULONG OwnerCount : 30;
    };
    ULONG TableSize;
  };
} OWNER_ENTRY, *POWNER_ENTRY;

typedef struct _ERESOURCE {
  LIST_ENTRY SystemResourcesList;
  POWNER_ENTRY OwnerTable;
  SHORT ActiveCount;
  USHORT Flag;
  PKSEMAPHORE volatile SharedWaiters;
  PKEVENT volatile ExclusiveWaiters;
  OWNER_ENTRY OwnerEntry;
  ULONG ActiveEntries;
  ULONG ContentionCount;
  ULONG NumberOfSharedWaiters;
  ULONG NumberOfExclusiveWaiters;
  PVOID Reserved2;
  union {
    PVOID Address;
    ULONG_PTR CreatorBackTraceIndex;
  };
  KSPIN_LOCK SpinLock;
} ERESOURCE, *PERESOURCE;

// Bits of ERESOURCE.Flag.
#define ResourceNeverExclusive 0x0010
#define ResourceReleaseByOtherThread 0x0020
#define ResourceOwnedExclusive 0x0080

#define FLAG_OWNER_POINTER_IS_THREAD 0x1

// The owner that an acquisition names.                          [MSDN ExGetCurrentResourceThread]
#define ExGetCurrentResourceThread() ((ERESOURCE_THREAD)KeGetCurrentThread())

// STATUS_SUCCESS. Initialise and reinitialise: IRQL <= DISPATCH_LEVEL, delete <= APC_LEVEL. To
// reinitialise is to delete and to initialise, but keeps the table of owners.
//     [MSDN ExInitializeResourceLite, ExReinitializeResourceLite, ExDeleteResourceLite]
NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource);
NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource);
NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource);

// The caller alone. Granted at once if nobody owns it or if the caller owns it exclusively; else
// waits, or returns FALSE if Wait is FALSE. A caller that shares it must release it first, or waits
// for itself. In the order of requests. IRQL <= APC_LEVEL.
//                  [MSDN ExAcquireResourceExclusiveLite, ExTryToAcquireResourceExclusiveLite]
BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait);
BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(PERESOURCE Resource);  // does not wait

// With others. Granted at once if nobody owns it, and again, as it is owned, to an owner. Owned
// exclusively by another: waits. Shared by others while somebody waits to own it exclusively: Lite
// waits unless the caller shares it, StarveExclusive does not wait, WaitForExclusive waits always.
// FALSE instead of waiting if Wait is FALSE; then also if there is no memory to note one more
// owner. IRQL <= APC_LEVEL.
//                          [MSDN ExAcquireResourceSharedLite, ExAcquireSharedStarveExclusive,
//                                                               ExAcquireSharedWaitForExclusive]
BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait);
BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait);
BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait);

// Undoes one acquisition, of the calling thread or of that owner. The last release of an exclusive
// owner lets in all who wait to share it, the last of those who share it one who waits to own it
// exclusively. IRQL <= DISPATCH_LEVEL.
//                                    [MSDN ExReleaseResourceLite, ExReleaseResourceForThreadLite]
VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource);
VOID NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId);

// The exclusive caller shares it from now on, with all who wait to share it. IRQL <= APC_LEVEL.
//                                                            [MSDN ExConvertExclusiveToSharedLite]
VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource);

// TRUE if the calling thread owns it exclusively; how often it has acquired it, either way.
// IRQL <= DISPATCH_LEVEL. [MSDN ExIsResourceAcquiredExclusiveLite, ExIsResourceAcquiredSharedLite]
BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource);
ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource);
#define ExIsResourceAcquiredLite ExIsResourceAcquiredSharedLite

// How many threads wait now. IRQL <= DISPATCH_LEVEL.
//                                       [MSDN ExGetExclusiveWaiterCount, ExGetSharedWaiterCount]
ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource);
ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource);

// What the calling thread owns belongs to OwnerPointer from now on, whose two lowest bits are set
// (else bugcheck RESOURCE_OWNER_POINTER_INVALID); ExReleaseResourceForThreadLite with that value
// releases it. IRQL <= DISPATCH_LEVEL.
//                                   [MSDN ExSetResourceOwnerPointer, ExSetResourceOwnerPointerEx]
VOID NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer);
VOID NTAPI ExSetResourceOwnerPointerEx(PERESOURCE Resource, PVOID OwnerPointer, ULONG Flags);

// A critical region around them. What they return is for the graphics subsystem: NULL in a thread
// that it does not know, as none is known here. IRQL <= APC_LEVEL.
//                                        [MSDN ExEnterCriticalRegionAndAcquireResourceExclusive]
PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource);
PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource);
PVOID NTAPI ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE Resource);
VOID NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource);

#ifdef __cplusplus
}
#endif
