// IRQL and spin locks.
//   A routine that raises returns the level before, which the caller must give back to the one
//   that lowers.
#pragma once

#include <nt/ke/processor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PASSIVE_LEVEL 0
#define LOW_LEVEL 0
#define APC_LEVEL 1
#define DISPATCH_LEVEL 2
#define CMCI_LEVEL 5
#define CLOCK_LEVEL 13
#define IPI_LEVEL 14
#define DRS_LEVEL 14
#define POWER_LEVEL 14
#define PROFILE_LEVEL 15
#define HIGH_LEVEL 15
#define SYNCH_LEVEL 12

// The current level of this processor. Any IRQL.                        [MSDN KeGetCurrentIrql]
KIRQL NTAPI KeGetCurrentIrql(void);

// Raises to NewIrql >= the current level; returns the level before. Lower: bugcheck
// IRQL_NOT_GREATER_OR_EQUAL. Any IRQL.                                           [MSDN KeRaiseIrql]
KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql);
#define KeRaiseIrql(NewIrql, OldIrql) (*(OldIrql) = KfRaiseIrql(NewIrql))

// Lowers to NewIrql <= the current level, delivering what became pending before it returns. Higher:
// bugcheck IRQL_NOT_LESS_OR_EQUAL. Any IRQL.                                  [MSDN KeLowerIrql]
VOID NTAPI KeLowerIrql(KIRQL NewIrql);

// Raise to DISPATCH_LEVEL / SYNCH_LEVEL from at most that; return the level before.
//                                                                   [MSDN KeRaiseIrqlToDpcLevel]
KIRQL NTAPI KeRaiseIrqlToDpcLevel(void);
KIRQL NTAPI KeRaiseIrqlToSynchLevel(void);

// Makes the lock free. Any IRQL; nobody may use it meanwhile.        [MSDN KeInitializeSpinLock]
VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock);

// Raises to DISPATCH_LEVEL and takes the lock, spinning; returns the level before.
// IRQL <= DISPATCH_LEVEL. Not recursive.                                [MSDN KeAcquireSpinLock]
KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock);
#define KeAcquireSpinLock(SpinLock, OldIrql) (*(OldIrql) = KeAcquireSpinLockRaiseToDpc(SpinLock))

// The same to SYNCH_LEVEL. IRQL <= SYNCH_LEVEL.
KIRQL NTAPI KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock);

// Frees the lock and lowers to NewIrql, what the acquire returned. IRQL as the acquire left it.
//                                                                       [MSDN KeReleaseSpinLock]
VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql);

// Take and free the lock at an unchanged level. IRQL >= DISPATCH_LEVEL.
//                                                            [MSDN KeAcquireSpinLockAtDpcLevel]
VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);
VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock);

// For DPC routines, ordinary or threaded: raises to DISPATCH_LEVEL if below, and returns the level
// to release with. IRQL <= DISPATCH_LEVEL.
//                                                                    [MSDN KeAcquireSpinLockForDpc]
KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock);
VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql);

// TRUE and the lock, or FALSE at once when somebody holds it. IRQL >= DISPATCH_LEVEL.
//                                                       [MSDN KeTryToAcquireSpinLockAtDpcLevel]
BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock);

// TRUE if the lock was free when looked at. Any IRQL.                       [MSDN KeTestSpinLock]
BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock);

typedef struct _KLOCK_QUEUE_HANDLE {
  KSPIN_LOCK_QUEUE LockQueue;
  KIRQL OldIrql;
} KLOCK_QUEUE_HANDLE, *PKLOCK_QUEUE_HANDLE;

// Queued spin locks: served first come, first served; each waiter spins on its own handle, which
// must stay until the release. Never mix them with the plain forms on one lock.
// Raises to DISPATCH_LEVEL. IRQL <= DISPATCH_LEVEL.           [MSDN KeAcquireInStackQueuedSpinLock]
VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle);
// Raises to SYNCH_LEVEL. IRQL <= SYNCH_LEVEL.
VOID NTAPI KeAcquireInStackQueuedSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock,
                                                      PKLOCK_QUEUE_HANDLE LockHandle);
// Frees the lock and lowers to the level before the acquire. [MSDN KeReleaseInStackQueuedSpinLock]
VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle);
// IRQL >= DISPATCH_LEVEL, unchanged.              [MSDN KeAcquireInStackQueuedSpinLockAtDpcLevel]
VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                    PKLOCK_QUEUE_HANDLE LockHandle);
VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle);
// For DPC routines, ordinary or threaded: raises to DISPATCH_LEVEL only if below. IRQL <=
// DISPATCH_LEVEL.                                       [MSDN KeAcquireInStackQueuedSpinLockForDpc]
VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock,
                                                PKLOCK_QUEUE_HANDLE LockHandle);
VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle);

#ifdef __cplusplus
}
#endif
