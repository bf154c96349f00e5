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

// A threaded DPC: runs at PASSIVE_LEVEL in a thread of its processor that no other thread preempts,
// and must keep to what a DPC may do; at DISPATCH_LEVEL if that thread could not be made. Any IRQL.
//                                                                   [MSDN KeInitializeThreadedDpc]
VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                                   PVOID DeferredContext);

// Runs Routine once on every active processor, as a DPC with its two system arguments, and returns
// when each has called KeSignalCallDpcDone. IRQL <= APC_LEVEL.
VOID NTAPI KeGenericCallDpc(PKDEFERRED_ROUTINE Routine, PVOID Context);
// In such a routine, last: this processor is done.
VOID NTAPI KeSignalCallDpcDone(PVOID SystemArgument1);
// In such a routine, as often as one likes, but on each processor equally: returns when all have
// called it, TRUE on one of them.
LOGICAL NTAPI KeSignalCallDpcSynchronize(PVOID SystemArgument2);

// What is left of the time that one DPC routine, and all time spent at DISPATCH_LEVEL or above
// without a pause, may take before the system stops with DPC_WATCHDOG_VIOLATION; in clock ticks,
// and limits of 0 if nobody watches. IRQL >= DISPATCH_LEVEL, or in a threaded DPC; else
// STATUS_UNSUCCESSFUL.                                       [MSDN KeQueryDpcWatchdogInformation]
typedef struct _KDPC_WATCHDOG_INFORMATION {
  ULONG DpcTimeLimit;
  ULONG DpcTimeCount;
  ULONG DpcWatchdogLimit;
  ULONG DpcWatchdogCount;
  ULONG Reserved;
} KDPC_WATCHDOG_INFORMATION, *PKDPC_WATCHDOG_INFORMATION;
NTSTATUS NTAPI KeQueryDpcWatchdogInformation(PKDPC_WATCHDOG_INFORMATION WatchdogInformation);

// Runs BroadcastFunction on every active processor at the same time, at IPI_LEVEL, and returns what
// it returned on this one when it has on all. IRQL <= DISPATCH_LEVEL.       [MSDN KeIpiGenericCall]
typedef ULONG_PTR(NTAPI KIPI_BROADCAST_WORKER)(ULONG_PTR Argument);
typedef KIPI_BROADCAST_WORKER* PKIPI_BROADCAST_WORKER;
ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context);

#ifdef __cplusplus
}
#endif
