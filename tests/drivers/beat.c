/* A driver whose timer counts, and whose device gives the count to who reads. */
#include <ntddk.h>

#define PERIOD_MS 10

typedef struct _BEAT {
  KTIMER Timer;
  KDPC Dpc;
  LONG Count;
} BEAT;

static KDEFERRED_ROUTINE OnBeat;
static VOID NTAPI OnBeat(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(First);
  UNREFERENCED_PARAMETER(Second);
  InterlockedIncrement(&((BEAT *)Context)->Count);
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

static NTSTATUS NTAPI OnOpenOrClose(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI OnRead(PDEVICE_OBJECT Device, PIRP Irp) {
  BEAT *Beat = Device->DeviceExtension;
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  if (Stack->Parameters.Read.Length < sizeof(LONG))
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  *(LONG *)Irp->AssociatedIrp.SystemBuffer = Beat->Count;
  return Complete(Irp, STATUS_SUCCESS, sizeof(LONG));
}

static VOID NTAPI OnUnload(PDRIVER_OBJECT Driver) {
  BEAT *Beat = Driver->DeviceObject->DeviceExtension;
  KeCancelTimer(&Beat->Timer);
  KeFlushQueuedDpcs();
  IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Name;
  PDEVICE_OBJECT Device;
  LARGE_INTEGER Due;
  NTSTATUS Status;
  BEAT *Beat;
  UNREFERENCED_PARAMETER(RegistryPath);
  RtlInitUnicodeString(&Name, L"\\Device\\Beat");
  Status = IoCreateDevice(Driver, sizeof(BEAT), &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
  if (!NT_SUCCESS(Status)) return Status;
  Driver->MajorFunction[IRP_MJ_CREATE] = OnOpenOrClose;
  Driver->MajorFunction[IRP_MJ_CLOSE] = OnOpenOrClose;
  Driver->MajorFunction[IRP_MJ_READ] = OnRead;
  Driver->DriverUnload = OnUnload;
  Beat = Device->DeviceExtension;
  KeInitializeDpc(&Beat->Dpc, OnBeat, Beat);
  KeInitializeTimer(&Beat->Timer);
  Due.QuadPart = -10000LL * PERIOD_MS;
  KeSetTimerEx(&Beat->Timer, Due, PERIOD_MS, &Beat->Dpc);
  Device->Flags |= DO_BUFFERED_IO;
  DbgPrint("beat: started\n");
  return STATUS_SUCCESS;
}
