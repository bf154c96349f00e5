// Rundown protection: who uses an object holds protection; who takes it away waits until nobody
// does, and nobody gets it any more.                                   [MSDN Run-Down Protection]
//   Releasing more than was acquired is bugcheck KERNEL_SECURITY_CHECK_FAILURE, 14.
#pragma once

#include <nt/ex.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bits of EX_RUNDOWN_REF.Count.
#define EX_RUNDOWN_ACTIVE 0x1
#define EX_RUNDOWN_COUNT_SHIFT 0x1
#define EX_RUNDOWN_COUNT_INC (1 << EX_RUNDOWN_COUNT_SHIFT)

typedef struct _EX_RUNDOWN_REF {
  union {
    volatile ULONG_PTR Count;
    volatile PVOID Ptr;
  };
} EX_RUNDOWN_REF, *PEX_RUNDOWN_REF;

// Nobody has protection, everybody may. Initialize: any IRQL; reinitialize, after the object was
// run down: IRQL <= APC_LEVEL.
//                         [MSDN ExInitializeRundownProtection, ExReInitializeRundownProtection]
VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef);
VOID NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef);

// TRUE if the caller has protection from now on, Count times; FALSE once somebody runs it down.
// IRQL <= DISPATCH_LEVEL.    [MSDN ExAcquireRundownProtection, ExAcquireRundownProtectionEx]
BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef);
BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count);
VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef);
VOID NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count);

// From now on nobody gets protection; returns when nobody has it. At once if it is run down.
// IRQL <= APC_LEVEL.                                     [MSDN ExWaitForRundownProtectionRelease]
VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef);

// It is run down. IRQL <= APC_LEVEL.                                    [MSDN ExRundownCompleted]
VOID NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef);

// ---- The same with a count for each processor, in memory that is allocated (NULL if there is
// none) or the caller's, of the size that is asked for. IRQL as above; allocate, free, size,
// initialise: <= APC_LEVEL.                                 [MSDN Cache-Aware Run-Down Protection]
typedef struct _EX_RUNDOWN_REF_CACHE_AWARE* PEX_RUNDOWN_REF_CACHE_AWARE;

PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType,
                                                                        ULONG PoolTag);
VOID NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(void);
VOID NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                   SIZE_T RunRefSize);
VOID NTAPI ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
BOOLEAN NTAPI ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                     ULONG Count);
VOID NTAPI ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
VOID NTAPI ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, ULONG Count);
VOID NTAPI ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef);
VOID NTAPI ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);

#ifdef __cplusplus
}
#endif
