// Timers, DPCs and the time.
#pragma once

#include <nt/ke/processor.h>
#include <nt/ntstatus.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Timers. IRQL <= DISPATCH_LEVEL. `DueTime` in 100 ns: negative relative, else a system time; `Period` in milliseconds,
// 0 for once. Set and cancel return whether the timer was set.
// [MSDN KeInitializeTimerEx] [MSDN KeSetTimerEx] [MSDN KeCancelTimer] [MSDN KeReadStateTimer]
VOID NTAPI KeInitializeTimer(PKTIMER Timer);
VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type);
BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc);
BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc);
BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer);
BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer);

// ---- DPCs. Any level. The routine runs at DISPATCH_LEVEL on the target processor and returns there.
// [MSDN KeInitializeDpc] [MSDN KeInsertQueueDpc] [MSDN KeRemoveQueueDpc]
VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext);
BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2);  // FALSE: it was queued
BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc);                                                // TRUE: it will not run
// Returns after every DPC queued before has run. IRQL PASSIVE_LEVEL.                       [MSDN KeFlushQueuedDpcs]
VOID NTAPI KeFlushQueuedDpcs(void);
VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance);
VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number);
// STATUS_INVALID_PARAMETER for a processor that does not exist.                   [MSDN KeSetTargetProcessorDpcEx]
NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber);

// ---- Time, in 100 ns where nothing else is said. Any level.                         [MSDN, the page of each name]
ULONG NTAPI KeQueryTimeIncrement(void);                   // a tick
VOID NTAPI KeQueryTickCount(PLARGE_INTEGER CurrentCount);
VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime);  // since 1601, UTC, as of the last tick
VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime);
ULONGLONG NTAPI KeQueryInterruptTime(void);
ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp);
ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(void);
LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency);
VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds);

#ifdef __cplusplus
}
#endif
