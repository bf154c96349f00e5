/* Processes and threads: who they are, how they end; what the system says of itself. */
#define FAMILY "processes"
#include "expect.h"

#define PROCESSES_TAG 'corP'

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ProcessesUnload;
KSTART_ROUTINE EndingThread;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ProcessesUnload)
#endif

_Use_decl_annotations_ VOID EndingThread(PVOID Context) {
  EXPECT(WaitFor(Context, 60000) == STATUS_SUCCESS);
  PsTerminateSystemThread(STATUS_DEVICE_NOT_READY);
}

static VOID CheckCurrent(VOID) {
  PETHREAD Thread = PsGetCurrentThread(), Found;
  PEPROCESS Process = PsGetCurrentProcess(), FoundProcess;

  EXPECT(PsGetThreadProcess(Thread) == PsGetCurrentThreadProcess());
  EXPECT(IoThreadToProcess(Thread) == PsGetCurrentThreadProcess());
  EXPECT(IoGetCurrentProcess() == Process);
  EXPECT(PsGetThreadId(Thread) == PsGetCurrentThreadId());
  EXPECT(PsGetThreadProcessId(Thread) == PsGetCurrentThreadProcessId());
  EXPECT(PsGetProcessId(Process) == PsGetCurrentProcessId());
  EXPECT(PsGetThreadExitStatus(Thread) == STATUS_PENDING && IoIsSystemThread(Thread));
  if (EXPECT(NT_SUCCESS(PsLookupThreadByThreadId(PsGetCurrentThreadId(), &Found)))) {
    EXPECT(Found == Thread);
    ObDereferenceObject(Found);
  }
  if (EXPECT(NT_SUCCESS(PsLookupProcessByProcessId(PsGetCurrentProcessId(), &FoundProcess)))) {
    EXPECT(FoundProcess == Process);
    ObDereferenceObject(FoundProcess);
  }
  EXPECT(PsLookupProcessByProcessId((HANDLE)(ULONG_PTR)0x7FFFFFF0, &FoundProcess) ==
         STATUS_INVALID_CID);
  EXPECT(PsLookupThreadByThreadId((HANDLE)(ULONG_PTR)0x7FFFFFF0, &Found) == STATUS_INVALID_CID);
  EXPECT(!IoIs32bitProcess(NULL));
  EXPECT(IoGetTopLevelIrp() == NULL);
  IoSetTopLevelIrp((PIRP)FSRTL_FSP_TOP_LEVEL_IRP);
  EXPECT(IoGetTopLevelIrp() == (PIRP)FSRTL_FSP_TOP_LEVEL_IRP);
  IoSetTopLevelIrp(NULL);
}

static VOID CheckEnding(VOID) {
  OBJECT_ATTRIBUTES Attributes;
  CLIENT_ID ClientId = {NULL, NULL};
  KEVENT MayEnd;
  HANDLE Handle;
  PETHREAD Thread;

  KeInitializeEvent(&MayEnd, NotificationEvent, FALSE);
  InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
  if (!EXPECT(NT_SUCCESS(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, &Attributes, NULL,
                                              &ClientId, EndingThread, &MayEnd)))) {
    return;
  }
  if (EXPECT(NT_SUCCESS(PsLookupThreadByThreadId(ClientId.UniqueThread, &Thread)))) {
    EXPECT(PsGetThreadId(Thread) == ClientId.UniqueThread);
    EXPECT(PsGetThreadProcessId(Thread) == ClientId.UniqueProcess);
    EXPECT(PsGetThreadProcess(Thread) == PsInitialSystemProcess);
    EXPECT(PsGetThreadExitStatus(Thread) == STATUS_PENDING);
    KeSetEvent(&MayEnd, IO_NO_INCREMENT, FALSE);
    EXPECT(WaitFor(Thread, 60000) == STATUS_SUCCESS);
    ObDereferenceObject(Thread);
  } else {
    KeSetEvent(&MayEnd, IO_NO_INCREMENT, FALSE);
  }
  EXPECT(ZwWaitForSingleObject(Handle, FALSE, NULL) == STATUS_SUCCESS);
  if (EXPECT(NT_SUCCESS(ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType,
                                                  KernelMode, (PVOID*)&Thread, NULL)))) {
    EXPECT(PsGetThreadExitStatus(Thread) == STATUS_DEVICE_NOT_READY);
    ObDereferenceObject(Thread);
  }
  ZwClose(Handle);
}

static VOID CheckRoutines(VOID) {
  UNICODE_STRING Present = RTL_CONSTANT_STRING(L"KeSetEvent"),
                 Absent = RTL_CONSTANT_STRING(L"KeSetMicaEvent");
  LONG(NTAPI * SetEvent)(PRKEVENT, KPRIORITY, BOOLEAN);
  KEVENT Event;

  EXPECT(MmGetSystemRoutineAddress(&Absent) == NULL);
  *(PVOID*)&SetEvent = MmGetSystemRoutineAddress(&Present);
  if (!EXPECT(SetEvent != NULL)) return;
  KeInitializeEvent(&Event, NotificationEvent, FALSE);
  EXPECT(SetEvent(&Event, IO_NO_INCREMENT, FALSE) == 0 && KeReadStateEvent(&Event) != 0);
}

static VOID CheckSystem(PDRIVER_OBJECT DriverObject) {
  SYSTEM_BASIC_INFORMATION Basic;
  PRTL_PROCESS_MODULES Modules;
  ULONG Length = 0;
  BOOLEAN Found = FALSE;

  EXPECT(
      NT_SUCCESS(ZwQuerySystemInformation(SystemBasicInformation, &Basic, sizeof(Basic), &Length)));
  EXPECT(Basic.PageSize == PAGE_SIZE && Length == sizeof(Basic));
  EXPECT((ULONG)Basic.NumberOfProcessors == KeQueryActiveProcessorCount(NULL));
  EXPECT(Basic.TimerResolution >= KeQueryTimeIncrement());
  EXPECT(ZwQuerySystemInformation(SystemModuleInformation, NULL, 0, &Length) ==
         STATUS_INFO_LENGTH_MISMATCH);
  Length += PAGE_SIZE; /* another may be loaded meanwhile */
  Modules = ExAllocatePool2(POOL_FLAG_PAGED, Length, PROCESSES_TAG);
  if (!EXPECT(Modules != NULL)) return;
  if (EXPECT(
          NT_SUCCESS(ZwQuerySystemInformation(SystemModuleInformation, Modules, Length, NULL)))) {
    for (ULONG Index = 0; Index < Modules->NumberOfModules; ++Index) {
      if (Modules->Modules[Index].ImageBase != DriverObject->DriverStart) continue;
      Found = Modules->Modules[Index].ImageSize == DriverObject->DriverSize;
    }
    EXPECT(Found && Modules->NumberOfModules >= 2);
  }
  ExFreePoolWithTag(Modules, PROCESSES_TAG);
}

_Use_decl_annotations_ VOID ProcessesUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = ProcessesUnload;
  CheckCurrent();
  CheckEnding();
  CheckRoutines();
  CheckSystem(DriverObject);
  return ExpectationsStatus();
}
