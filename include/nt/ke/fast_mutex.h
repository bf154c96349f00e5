// Fast mutexes and guarded mutexes: one structure, one behaviour.
//   Their owner runs at APC_LEVEL, so that no APC reaches it; the unsafe forms leave the level to
//   a caller that is at APC_LEVEL or in a region already. They are not taken twice by one thread,
//   and released by the thread that took them.
//   Nonpaged memory of the caller's.             [MSDN Fast Mutexes and Guarded Mutexes]
//   Misuse is bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION: acquired above APC_LEVEL (0x33),
//   released off APC_LEVEL (0x34), unsafely acquired (0x39) or released (0x3A) where APCs come;
//   taken twice (0x1000), released by another thread (0x1004), released while free (0x1007).
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

// Bits of FAST_MUTEX.Count.
#define FM_LOCK_BIT (0x1)
#define FM_LOCK_WAITER_WOKEN (0x2)
#define FM_LOCK_WAITER_INC (0x4)

typedef struct _FAST_MUTEX {
  volatile LONG Count;
  PKTHREAD Owner;
  ULONG Contention;
  KEVENT Event;
  ULONG OldIrql;
} FAST_MUTEX, *PFAST_MUTEX, KGUARDED_MUTEX, *PKGUARDED_MUTEX;

// Free. IRQL <= DISPATCH_LEVEL. Inline in the DDK.                   [MSDN ExInitializeFastMutex]
VOID NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex);

// Waits until the mutex is the caller's; at APC_LEVEL from then on. IRQL <= APC_LEVEL.
//                                                                       [MSDN ExAcquireFastMutex]
VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex);

// Does not wait: FALSE, and nothing has changed, if somebody has it. IRQL <= APC_LEVEL.
//                                                                  [MSDN ExTryToAcquireFastMutex]
BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex);

// Frees it and goes back to the level before. IRQL APC_LEVEL.          [MSDN ExReleaseFastMutex]
VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex);

// The same without the level. IRQL APC_LEVEL, or below it in a critical or guarded region.
//                                       [MSDN ExAcquireFastMutexUnsafe, ExReleaseFastMutexUnsafe]
VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex);
VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex);

// By the names of guarded mutexes.            [MSDN KeAcquireGuardedMutex, KeReleaseGuardedMutex,
//                                  KeTryToAcquireGuardedMutex, KeAcquireGuardedMutexUnsafe]
VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex);
VOID NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex);
BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex);
VOID NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex);
VOID NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX FastMutex);
VOID NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX FastMutex);

#ifdef __cplusplus
}
#endif
