/* Threads that ask the device of inner.c, through IoCallDriver, and handle what it raises: the
 * exception goes from one driver through the executive into another, with registers of both
 * alive. */
#include <ntddk.h>

#define THREADS 4
#define TIMES 50

static PDEVICE_OBJECT Inner;
static volatile LONG Handled, Cleaned, Wrong;

static PIRP Build(UCHAR Major, PKEVENT Done, PIO_STATUS_BLOCK Status) {
  LARGE_INTEGER Offset;
  Offset.QuadPart = 0;
  return IoBuildSynchronousFsdRequest(Major, Inner, NULL, 0, &Offset, Done, Status);
}

static __attribute__((noinline)) NTSTATUS Ask(LONG Round) {
  KEVENT Done;
  IO_STATUS_BLOCK Status = {0};
  LARGE_INTEGER Pause;
  NTSTATUS Caught = STATUS_SUCCESS;
  double A = Round, B = Round * 2., C = Round * 3., D = Round * 4., E = Round * 5.;
  KeInitializeEvent(&Done, NotificationEvent, FALSE);
  __try {
    __try {
      IoCallDriver(Inner, Build(IRP_MJ_READ, &Done, &Status));
      InterlockedIncrement(&Wrong);
    } __finally {
      InterlockedIncrement(&Cleaned);
      /* Others run while this one is unwound. */
      Pause.QuadPart = -10000;
      KeDelayExecutionThread(KernelMode, FALSE, &Pause);
    }
  } __except (GetExceptionCode() == STATUS_ACCESS_VIOLATION ? EXCEPTION_EXECUTE_HANDLER
                                                            : EXCEPTION_CONTINUE_SEARCH) {
    Caught = GetExceptionCode();
  }
  if (A + B + C + D + E != Round * 15.) InterlockedIncrement(&Wrong);
  if (Status.Status != STATUS_TIMEOUT) InterlockedIncrement(&Wrong);
  return Caught;
}

static VOID NTAPI Run(PVOID Context) {
  for (LONG I = 0; I < TIMES; ++I)
    if (Ask((LONG)(ULONG_PTR)Context * TIMES + I) == STATUS_ACCESS_VIOLATION)
      InterlockedIncrement(&Handled);
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID RunThreads(VOID) {
  PVOID Threads[THREADS];
  for (ULONG_PTR I = 0; I < THREADS; ++I) {
    HANDLE Handle;
    PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Run, (PVOID)I);
    ObReferenceObjectByHandle(Handle, 0, NULL, KernelMode, &Threads[I], NULL);
    ZwClose(Handle);
  }
  for (ULONG_PTR I = 0; I < THREADS; ++I) {
    KeWaitForSingleObject(Threads[I], Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Threads[I]);
  }
}

static VOID NTAPI OnUnload(PDRIVER_OBJECT Driver) { UNREFERENCED_PARAMETER(Driver); }

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Name;
  PFILE_OBJECT File;
  KEVENT Done;
  IO_STATUS_BLOCK Status = {0};
  NTSTATUS Opened;
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = OnUnload;
  RtlInitUnicodeString(&Name, L"\\Device\\Inner");
  Opened = IoGetDeviceObjectPointer(&Name, FILE_READ_DATA, &File, &Inner);
  if (!NT_SUCCESS(Opened)) return Opened;
  RunThreads();
  KeInitializeEvent(&Done, NotificationEvent, FALSE);
  IoCallDriver(Inner, Build(IRP_MJ_WRITE, &Done, &Status));
  ObDereferenceObject(File);
  DbgPrint("outer: handled %d, cleaned %d and %d, wrong %d\n", Handled, Cleaned,
           (LONG)Status.Information, Wrong);
  return STATUS_SUCCESS;
}
