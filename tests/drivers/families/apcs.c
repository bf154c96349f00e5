/* Asynchronous procedure calls, alerts, processes that a thread attaches to, and the callbacks of a
   bugcheck. */
#define FAMILY "apcs"
#include "expect.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ApcsUnload;
KKERNEL_ROUTINE SpecialRoutine;
KKERNEL_ROUTINE BeforeNormalRoutine;
KNORMAL_ROUTINE NormalRoutine;
KBUGCHECK_CALLBACK_ROUTINE BugCheckCallback;
KBUGCHECK_REASON_CALLBACK_ROUTINE DumpCallback;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ApcsUnload)
#endif

typedef struct _STEPS {
  ULONG Special;
  ULONG Before;
  ULONG Normal;
} STEPS, *PSTEPS;

_Use_decl_annotations_ VOID SpecialRoutine(PKAPC Apc, PKNORMAL_ROUTINE* Normal, PVOID* Context,
                                           PVOID* SystemArgument1, PVOID* SystemArgument2) {
  PSTEPS Steps = *SystemArgument1;

  UNREFERENCED_PARAMETER(Apc);
  UNREFERENCED_PARAMETER(Context);
  EXPECT(KeGetCurrentIrql() == APC_LEVEL && *Normal == NULL && *SystemArgument2 == (PVOID)7);
  ++Steps->Special;
}

_Use_decl_annotations_ VOID BeforeNormalRoutine(PKAPC Apc, PKNORMAL_ROUTINE* Normal, PVOID* Context,
                                                PVOID* SystemArgument1, PVOID* SystemArgument2) {
  PSTEPS Steps = *Context;

  UNREFERENCED_PARAMETER(Apc);
  UNREFERENCED_PARAMETER(SystemArgument1);
  EXPECT(KeGetCurrentIrql() == APC_LEVEL && *Normal == NormalRoutine && Steps->Normal == 0);
  ++Steps->Before;
  *SystemArgument2 = (PVOID)9; /* what it says is what the other gets */
}

_Use_decl_annotations_ VOID NormalRoutine(PVOID NormalContext, PVOID SystemArgument1,
                                          PVOID SystemArgument2) {
  PSTEPS Steps = NormalContext;

  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL && Steps->Before == 1);
  EXPECT(SystemArgument1 == (PVOID)8 && SystemArgument2 == (PVOID)9);
  ++Steps->Normal;
}

static VOID CheckApcs(VOID) {
  STEPS Steps = {0, 0, 0};
  KAPC Special, Normal;

  KeInitializeApc(&Special, KeGetCurrentThread(), OriginalApcEnvironment, SpecialRoutine, NULL,
                  NULL, KernelMode, NULL);
  EXPECT(KeInsertQueueApc(&Special, &Steps, (PVOID)7, IO_NO_INCREMENT) && Steps.Special == 1);
  KeEnterGuardedRegion();
  EXPECT(KeInsertQueueApc(&Special, &Steps, (PVOID)7, IO_NO_INCREMENT) && Steps.Special == 1);
  EXPECT(!KeInsertQueueApc(&Special, &Steps, (PVOID)7, IO_NO_INCREMENT));
  KeLeaveGuardedRegion();
  EXPECT(Steps.Special == 2);

  KeInitializeApc(&Normal, KeGetCurrentThread(), CurrentApcEnvironment, BeforeNormalRoutine, NULL,
                  NormalRoutine, KernelMode, &Steps);
  KeEnterCriticalRegion();
  EXPECT(KeInsertQueueApc(&Special, &Steps, (PVOID)7, IO_NO_INCREMENT) && Steps.Special == 3);
  EXPECT(KeInsertQueueApc(&Normal, (PVOID)8, NULL, IO_NO_INCREMENT) && Steps.Before == 0);
  KeLeaveCriticalRegion();
  EXPECT(Steps.Before == 1 && Steps.Normal == 1);
  KeEnterCriticalRegion();
  EXPECT(KeInsertQueueApc(&Normal, (PVOID)8, NULL, IO_NO_INCREMENT));
  EXPECT(KeRemoveQueueApc(&Normal) && !KeRemoveQueueApc(&Normal));
  KeLeaveCriticalRegion();
  EXPECT(Steps.Before == 1);
}

static VOID CheckAlerts(VOID) {
  LARGE_INTEGER Long = Milliseconds(60000), Soon = Milliseconds(1);

  EXPECT(!KeTestAlertThread(KernelMode));
  EXPECT(!KeAlertThread(KeGetCurrentThread(), KernelMode));
  EXPECT(KeDelayExecutionThread(KernelMode, TRUE, &Long) == STATUS_ALERTED);
  KeAlertThread(KeGetCurrentThread(), KernelMode);
  EXPECT(KeDelayExecutionThread(KernelMode, FALSE, &Soon) == STATUS_SUCCESS);
  EXPECT(KeTestAlertThread(KernelMode) && !KeTestAlertThread(KernelMode));
}

static VOID CheckProcesses(VOID) {
  PEPROCESS Own = PsGetCurrentProcess();
  KAPC_STATE State;

  KeStackAttachProcess((PRKPROCESS)PsInitialSystemProcess, &State);
  EXPECT(PsGetCurrentProcess() == PsInitialSystemProcess);
  KeUnstackDetachProcess(&State);
  EXPECT(PsGetCurrentProcess() == Own);
  KeAttachProcess((PRKPROCESS)PsInitialSystemProcess);
  EXPECT(IoGetCurrentProcess() == PsInitialSystemProcess);
  KeDetachProcess();
  EXPECT(PsGetCurrentProcess() == Own && IoGetCurrentProcess() == Own);
}

_Use_decl_annotations_ VOID BugCheckCallback(PVOID Buffer, ULONG Length) {
  RtlFillMemory(Buffer, Length, 'B');
}

_Use_decl_annotations_ VOID DumpCallback(KBUGCHECK_CALLBACK_REASON Reason,
                                         PKBUGCHECK_REASON_CALLBACK_RECORD Record,
                                         PVOID ReasonSpecificData, ULONG ReasonSpecificDataLength) {
  PKBUGCHECK_SECONDARY_DUMP_DATA Dump = ReasonSpecificData;

  UNREFERENCED_PARAMETER(Record);
  if (Reason != KbCallbackSecondaryDumpData || ReasonSpecificDataLength < sizeof(*Dump)) return;
  Dump->OutBuffer = Dump->InBuffer;
  Dump->OutBufferLength = 0;
}

static VOID CheckBugCheckCallbacks(VOID) {
  static KBUGCHECK_CALLBACK_RECORD Record;
  static KBUGCHECK_REASON_CALLBACK_RECORD ReasonRecord;
  static UCHAR Buffer[64];

  KeInitializeCallbackRecord(&Record);
  EXPECT(!KeDeregisterBugCheckCallback(&Record));
  EXPECT(KeRegisterBugCheckCallback(&Record, BugCheckCallback, Buffer, sizeof(Buffer),
                                    (PUCHAR) "family_apcs"));
  EXPECT(!KeRegisterBugCheckCallback(&Record, BugCheckCallback, Buffer, sizeof(Buffer),
                                     (PUCHAR) "family_apcs"));
  EXPECT(KeDeregisterBugCheckCallback(&Record) && !KeDeregisterBugCheckCallback(&Record));
  KeInitializeCallbackRecord(&ReasonRecord);
  EXPECT(KeRegisterBugCheckReasonCallback(&ReasonRecord, DumpCallback, KbCallbackSecondaryDumpData,
                                          (PUCHAR) "family_apcs"));
  EXPECT(!KeRegisterBugCheckReasonCallback(&ReasonRecord, DumpCallback, KbCallbackSecondaryDumpData,
                                           (PUCHAR) "family_apcs"));
  EXPECT(KeDeregisterBugCheckReasonCallback(&ReasonRecord));
  EXPECT(!KeDeregisterBugCheckReasonCallback(&ReasonRecord));
  EXPECT(Buffer[0] == 0);
}

_Use_decl_annotations_ VOID ApcsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = ApcsUnload;
  CheckApcs();
  CheckAlerts();
  CheckProcesses();
  CheckBugCheckCallbacks();
  return ExpectationsStatus();
}
