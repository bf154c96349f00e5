/* Deferred procedure calls, on their own processor, a named one, or every one, and in a thread; and
   routines that every processor runs at once. */
#define FAMILY "dpcs"
#include "expect.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD DpcsUnload;
KDEFERRED_ROUTINE ArgumentsDpc;
KDEFERRED_ROUTINE PlaceDpc;
KDEFERRED_ROUTINE ThreadedDpc;
KDEFERRED_ROUTINE EverywhereDpc;
KIPI_BROADCAST_WORKER EverywhereAtOnce;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, DpcsUnload)
#endif

typedef struct _SEEN {
  KEVENT Done;
  LONG Runs;
  PVOID Arguments[2];
  ULONG Processor;
} SEEN, *PSEEN;

typedef struct _TOGETHER {
  volatile LONG Arrived;
  volatile LONG Chosen;
  volatile LONG Left;
  ULONG_PTR volatile Where;
} TOGETHER, *PTOGETHER;

_Use_decl_annotations_ VOID ArgumentsDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                         PVOID SystemArgument2) {
  PSEEN Seen = DeferredContext;
  KDPC_WATCHDOG_INFORMATION Watchdog;

  UNREFERENCED_PARAMETER(Dpc);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL);
  EXPECT(KeQueryDpcWatchdogInformation(&Watchdog) == STATUS_SUCCESS);
  EXPECT(Watchdog.DpcTimeCount <= Watchdog.DpcTimeLimit);
  Seen->Arguments[0] = SystemArgument1;
  Seen->Arguments[1] = SystemArgument2;
  ++Seen->Runs;
  KeSetEvent(&Seen->Done, IO_NO_INCREMENT, FALSE);
}

_Use_decl_annotations_ VOID PlaceDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                     PVOID SystemArgument2) {
  PSEEN Seen = DeferredContext;

  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(SystemArgument1);
  UNREFERENCED_PARAMETER(SystemArgument2);
  Seen->Processor = KeGetCurrentProcessorNumberEx(NULL);
  KeSetEvent(&Seen->Done, IO_NO_INCREMENT, FALSE);
}

/* What it shares with others it locks by the routines for DPCs, which do not ask how it runs. */
_Use_decl_annotations_ VOID ThreadedDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                        PVOID SystemArgument2) {
  PSEEN Seen = DeferredContext;
  PKSPIN_LOCK Lock = SystemArgument1;
  KLOCK_QUEUE_HANDLE Handle;
  KIRQL Irql = KeGetCurrentIrql(), OldIrql;

  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(SystemArgument2);
  EXPECT(Irql == PASSIVE_LEVEL || Irql == DISPATCH_LEVEL);
  OldIrql = KeAcquireSpinLockForDpc(Lock);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL && OldIrql == Irql);
  ++Seen->Runs;
  KeReleaseSpinLockForDpc(Lock, OldIrql);
  EXPECT(KeGetCurrentIrql() == Irql);
  KeAcquireInStackQueuedSpinLockForDpc(Lock, &Handle);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL);
  ++Seen->Runs;
  KeReleaseInStackQueuedSpinLockForDpc(&Handle);
  EXPECT(KeGetCurrentIrql() == Irql);
  KeSetEvent(&Seen->Done, IO_NO_INCREMENT, FALSE);
}

_Use_decl_annotations_ VOID EverywhereDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                          PVOID SystemArgument2) {
  PTOGETHER Together = DeferredContext;

  UNREFERENCED_PARAMETER(Dpc);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL);
  InterlockedOr64((LONG64 volatile*)&Together->Where, 1ll << KeGetCurrentProcessorNumberEx(NULL));
  InterlockedIncrement(&Together->Arrived);
  if (KeSignalCallDpcSynchronize(SystemArgument2)) {
    EXPECT(Together->Arrived == (LONG)KeQueryActiveProcessorCount(NULL));
    InterlockedIncrement(&Together->Chosen);
  }
  InterlockedIncrement(&Together->Left);
  KeSignalCallDpcDone(SystemArgument1);
}

_Use_decl_annotations_ ULONG_PTR EverywhereAtOnce(ULONG_PTR Argument) {
  PTOGETHER Together = (PTOGETHER)Argument;

  EXPECT(KeGetCurrentIrql() == IPI_LEVEL);
  InterlockedOr64((LONG64 volatile*)&Together->Where, 1ll << KeGetCurrentProcessorNumberEx(NULL));
  InterlockedIncrement(&Together->Arrived);
  return Argument + 1;
}

static VOID CheckQueue(VOID) {
  SEEN Seen = {.Runs = 0};
  KDPC Dpc;
  KDPC_WATCHDOG_INFORMATION Watchdog;
  KIRQL OldIrql;

  KeInitializeEvent(&Seen.Done, SynchronizationEvent, FALSE);
  KeInitializeDpc(&Dpc, ArgumentsDpc, &Seen);
  OldIrql = KeRaiseIrqlToDpcLevel();
  EXPECT(KeInsertQueueDpc(&Dpc, (PVOID)1, (PVOID)2));
  EXPECT(!KeInsertQueueDpc(&Dpc, (PVOID)3, (PVOID)4) && Seen.Runs == 0);
  KeLowerIrql(OldIrql);
  EXPECT(WaitFor(&Seen.Done, 60000) == STATUS_SUCCESS);
  EXPECT(Seen.Arguments[0] == (PVOID)1 && Seen.Arguments[1] == (PVOID)2);

  KeSetImportanceDpc(&Dpc, HighImportance);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  EXPECT(KeInsertQueueDpc(&Dpc, NULL, NULL));
  EXPECT(KeRemoveQueueDpc(&Dpc) && !KeRemoveQueueDpc(&Dpc));
  KeLowerIrql(OldIrql);
  KeSetImportanceDpc(&Dpc, LowImportance);
  EXPECT(KeInsertQueueDpc(&Dpc, NULL, NULL));
  KeFlushQueuedDpcs();
  EXPECT(Seen.Runs == 2);
  EXPECT(KeQueryDpcWatchdogInformation(&Watchdog) == STATUS_UNSUCCESSFUL);
}

static VOID CheckTargets(VOID) {
  SEEN Seen = {.Runs = 0};
  KDPC Dpc;
  PROCESSOR_NUMBER Number;

  KeInitializeEvent(&Seen.Done, SynchronizationEvent, FALSE);
  KeInitializeDpc(&Dpc, PlaceDpc, &Seen);
  for (ULONG Index = 0; Index < KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS); ++Index) {
    EXPECT(NT_SUCCESS(KeGetProcessorNumberFromIndex(Index, &Number)));
    EXPECT(KeSetTargetProcessorDpcEx(&Dpc, &Number) == STATUS_SUCCESS);
    EXPECT(KeInsertQueueDpc(&Dpc, NULL, NULL));
    EXPECT(WaitFor(&Seen.Done, 60000) == STATUS_SUCCESS && Seen.Processor == Index);
  }
  Number.Group = 1;
  EXPECT(KeSetTargetProcessorDpcEx(&Dpc, &Number) == STATUS_INVALID_PARAMETER);
  KeSetTargetProcessorDpc(&Dpc, 0);
  EXPECT(KeInsertQueueDpc(&Dpc, NULL, NULL));
  EXPECT(WaitFor(&Seen.Done, 60000) == STATUS_SUCCESS && Seen.Processor == 0);
  KeFlushQueuedDpcs();
}

static VOID CheckThreaded(VOID) {
  SEEN Seen = {.Runs = 0};
  KDPC Dpc;
  KSPIN_LOCK Lock;

  KeInitializeSpinLock(&Lock);
  KeInitializeEvent(&Seen.Done, SynchronizationEvent, FALSE);
  KeInitializeThreadedDpc(&Dpc, ThreadedDpc, &Seen);
  EXPECT(KeInsertQueueDpc(&Dpc, &Lock, NULL));
  EXPECT(WaitFor(&Seen.Done, 60000) == STATUS_SUCCESS && Seen.Runs == 2);
  KeFlushQueuedDpcs();
}

static VOID CheckEverywhere(VOID) {
  LONG Processors = (LONG)KeQueryActiveProcessorCount(NULL);
  TOGETHER Together = {0, 0, 0, 0};

  KeGenericCallDpc(EverywhereDpc, &Together);
  EXPECT(Together.Arrived == Processors && Together.Left == Processors && Together.Chosen == 1);
  EXPECT(Together.Where == KeQueryActiveProcessors());
  Together.Arrived = 0;
  Together.Where = 0;
  EXPECT(KeIpiGenericCall(EverywhereAtOnce, (ULONG_PTR)&Together) == (ULONG_PTR)&Together + 1);
  EXPECT(Together.Arrived == Processors && Together.Where == KeQueryActiveProcessors());
}

_Use_decl_annotations_ VOID DpcsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = DpcsUnload;
  CheckQueue();
  CheckTargets();
  CheckThreaded();
  CheckEverywhere();
  return ExpectationsStatus();
}
