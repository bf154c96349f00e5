// The executive's support routines: the tagged pool, reader/writer spin locks, and the locks that
// one waits for.
#pragma once

#include <nt/ex/push_lock.h>
#include <nt/ex/resource.h>
#include <nt/ex/timer.h>
#include <nt/ke.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- The pool. Nonpaged: IRQL <= DISPATCH_LEVEL; paged: <= APC_LEVEL. Less than a page never
// crosses a page, a page or more begins on one. A tag is four characters, not 0. Misuse is bugcheck
// BAD_POOL_CALLER.                                                     [MSDN ExAllocatePoolWithTag]
typedef enum _POOL_TYPE {
  NonPagedPool,
  NonPagedPoolExecute = NonPagedPool,
  PagedPool,
  NonPagedPoolMustSucceed,
  DontUseThisType,
  NonPagedPoolCacheAligned,
  PagedPoolCacheAligned,
  NonPagedPoolCacheAlignedMustS,
  MaxPoolType,
  NonPagedPoolBase = 0,
  NonPagedPoolBaseMustSucceed = 2,
  NonPagedPoolBaseCacheAligned = 4,
  NonPagedPoolBaseCacheAlignedMustS = 6,
  NonPagedPoolSession = 32,
  PagedPoolSession,
  NonPagedPoolMustSucceedSession,
  DontUseThisTypeSession,
  NonPagedPoolCacheAlignedSession,
  PagedPoolCacheAlignedSession,
  NonPagedPoolCacheAlignedMustSSession,
  NonPagedPoolNx = 512,
  NonPagedPoolNxCacheAligned = 516,
  NonPagedPoolSessionNx = 544
} POOL_TYPE;

// Bits beside a POOL_TYPE.
#define POOL_QUOTA_FAIL_INSTEAD_OF_RAISE 8
#define POOL_RAISE_IF_ALLOCATION_FAILURE 16
#define POOL_COLD_ALLOCATION 256
#define POOL_NX_ALLOCATION 512
#define POOL_ZERO_ALLOCATION 1024

typedef enum _EX_POOL_PRIORITY {
  LowPoolPriority,
  LowPoolPrioritySpecialPoolOverrun = 8,
  LowPoolPrioritySpecialPoolUnderrun = 9,
  NormalPoolPriority = 16,
  NormalPoolPrioritySpecialPoolOverrun = 24,
  NormalPoolPrioritySpecialPoolUnderrun = 25,
  HighPoolPriority = 32,
  HighPoolPrioritySpecialPoolOverrun = 40,
  HighPoolPrioritySpecialPoolUnderrun = 41
} EX_POOL_PRIORITY;

PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes);
PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag);
PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY Priority);
// These raise STATUS_INSUFFICIENT_RESOURCES without memory, unless POOL_QUOTA_FAIL_INSTEAD_OF_RAISE
// is set.
PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes);
PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag);

// The memory is zero unless POOL_FLAG_UNINITIALIZED; null without memory or for flags it does not
// know, unless POOL_FLAG_RAISE_ON_FAILURE.                                   [MSDN ExAllocatePool2]
typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_USE_QUOTA 0x0000000000000001ULL
#define POOL_FLAG_UNINITIALIZED 0x0000000000000002ULL
#define POOL_FLAG_SESSION 0x0000000000000004ULL
#define POOL_FLAG_CACHE_ALIGNED 0x0000000000000008ULL
#define POOL_FLAG_RESERVED1 0x0000000000000010ULL
#define POOL_FLAG_RAISE_ON_FAILURE 0x0000000000000020ULL
#define POOL_FLAG_NON_PAGED 0x0000000000000040ULL
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ULL
#define POOL_FLAG_PAGED 0x0000000000000100ULL
PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag);

// Inline in the DDK, where a driver asks by it for a NonPagedPool that is not executable: here it
// never is.                                                       [MSDN ExInitializeDriverRuntime]
#define DrvRtPoolNxOptIn 0x00000001
static inline VOID ExInitializeDriverRuntime(ULONG RuntimeFlags) {
  (void)RuntimeFlags;
}

// A block in which something is left that is in use is a violation: a timer that is set (0x15), a
// lookaside list (0xCC), a resource (0xD2); with a DPC that is queued it is bugcheck
// TIMER_OR_DPC_INVALID. Nonpaged IRQL <= DISPATCH_LEVEL, paged <= APC_LEVEL.
//                                             [MSDN ExFreePoolWithTag; MSDN Bug Check 0xC4, 0xC7]
VOID NTAPI ExFreePool(PVOID P);
VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag);  // 0 fits every tag

// The mode that the calling thread called the kernel from: KernelMode for a thread of the system.
// Any IRQL.                                                              [MSDN ExGetPreviousMode]
KPROCESSOR_MODE NTAPI ExGetPreviousMode(void);

// ---- Reader/writer spin locks, zero when free. The first form of each is for IRQL <=
// DISPATCH_LEVEL and returns the level to release with; AtDpcLevel is for >= DISPATCH_LEVEL. A
// waiting writer keeps new readers out. The try forms return whether they took it.
// [MSDN ExAcquireSpinLockExclusive]                                  [MSDN ExAcquireSpinLockShared]
typedef LONG EX_SPIN_LOCK, *PEX_SPIN_LOCK;

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock);
VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql);
VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock);
VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock);
KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock);
VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql);
VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock);
VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock);
LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock);
LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock);
// The only reader becomes the writer; FALSE if there are others, or a writer waits.
LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock);

#ifdef __cplusplus
}
#endif

#include <nt/ex/callback.h>
#include <nt/ex/event.h>
#include <nt/ex/interlocked.h>
#include <nt/ex/lookaside.h>
#include <nt/ex/raise.h>
#include <nt/ex/rundown.h>  // names POOL_TYPE
#include <nt/ex/slist.h>
#include <nt/ex/uuid.h>
#include <nt/ex/work.h>
