// Interrupt objects, as far as ke acts on them; they are made by IoConnectInterruptEx.
//                                                             [MSDN KeSynchronizeExecution]
#pragma once

#include <nt/ke/sync.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _KINTERRUPT KINTERRUPT, *PKINTERRUPT;

typedef enum _KINTERRUPT_MODE { LevelSensitive, Latched } KINTERRUPT_MODE;

// Runs at the interrupt's SynchronizeIrql, under its spin lock. TRUE: its device had interrupted.
typedef BOOLEAN(NTAPI KSERVICE_ROUTINE)(struct _KINTERRUPT* Interrupt, PVOID ServiceContext);
typedef KSERVICE_ROUTINE* PKSERVICE_ROUTINE;
typedef BOOLEAN(NTAPI KMESSAGE_SERVICE_ROUTINE)(struct _KINTERRUPT* Interrupt, PVOID ServiceContext,
                                                ULONG MessageID);
typedef KMESSAGE_SERVICE_ROUTINE* PKMESSAGE_SERVICE_ROUTINE;

typedef BOOLEAN(NTAPI KSYNCHRONIZE_ROUTINE)(PVOID SynchronizeContext);
typedef KSYNCHRONIZE_ROUTINE* PKSYNCHRONIZE_ROUTINE;

// All at IRQL <= the interrupt's SynchronizeIrql; above it bugcheck 0x0A. Its service routine does
// not run meanwhile, on any processor; called by that routine itself: bugcheck 0x0F, for it has the
// lock.

// Runs the routine at SynchronizeIrql under the interrupt's spin lock; what it returns.
BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt,
                                     PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     PVOID SynchronizeContext);
// Raises to SynchronizeIrql and takes the spin lock; the IRQL before.
KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt);
// Lets it go and lowers to OldIrql. Bugcheck 0x10 if this processor does not have it.
VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql);

#ifdef __cplusplus
}
#endif
