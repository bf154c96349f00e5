// Deferred procedure calls.
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

// A DPC of medium importance for the processor that queues it. Any IRQL.   [MSDN KeInitializeDpc]
VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext);

// Queues it: the routine runs once at DISPATCH_LEVEL on its processor. FALSE if it is queued
// already, its arguments unchanged. Any IRQL.                               [MSDN KeInsertQueueDpc]
BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2);

// TRUE if it was queued and now never runs for that insert. Any IRQL.     [MSDN KeRemoveQueueDpc]
BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc);

// Returns when all DPCs queued before, on every processor, have run. IRQL PASSIVE_LEVEL.
//                                                                        [MSDN KeFlushQueuedDpcs]
VOID NTAPI KeFlushQueuedDpcs(void);

// High goes to the head of the queue; low does not ask another processor for attention at once.
// Takes effect with the next insert. Any IRQL.                            [MSDN KeSetImportanceDpc]
VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance);

// The processor it runs on from the next insert on. Any IRQL.     [MSDN KeSetTargetProcessorDpc]
VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number);
// STATUS_INVALID_PARAMETER if there is no such processor. Any IRQL.
// [MSDN KeSetTargetProcessorDpcEx]
NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber);

#ifdef __cplusplus
}
#endif
