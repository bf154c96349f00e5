/* Requests one after the other: StartIo sets a timer, its DPC asks for the device's, that queues a
   work item, and there the request is done, if the mill is not stopped: each byte is one more. */
#include <ntddk.h>

#include "mill.h"

typedef struct _DEVICE_EXTENSION {
  PDEVICE_OBJECT Self;
  KTIMER Timer;
  KDPC TimerDpc;
  PIO_WORKITEM WorkItem;
  KEVENT Going;
  MILL_COUNTS Counts;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD MillUnload;
DRIVER_STARTIO MillStartIo;
DRIVER_CANCEL MillCancel;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH MillCreateClose;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH MillRead;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH MillControl;
KDEFERRED_ROUTINE MillTimerDpc;
IO_DPC_ROUTINE MillDpc;
IO_WORKITEM_ROUTINE MillWork;
IO_TIMER_ROUTINE MillSecond;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, MillUnload)
#pragma alloc_text(PAGE, MillCreateClose)
#pragma alloc_text(PAGE, MillRead)
#endif

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS MillCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  PAGED_CODE();
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS MillRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;

  PAGED_CODE();
  if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length < sizeof(MILL_COUNTS))
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  *(PMILL_COUNTS)Irp->AssociatedIrp.SystemBuffer = Extension->Counts;
  return Complete(Irp, STATUS_SUCCESS, sizeof(MILL_COUNTS));
}

static NTSTATUS Grind(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

  if (Stack->Parameters.DeviceIoControl.OutputBufferLength <
      Stack->Parameters.DeviceIoControl.InputBufferLength)
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  IoMarkIrpPending(Irp);
  IoStartPacket(DeviceObject, Irp, NULL, MillCancel);
  return STATUS_PENDING;
}

_Use_decl_annotations_ NTSTATUS MillControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;

  switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_MILL_GRIND:
      return Grind(DeviceObject, Irp);
    case IOCTL_MILL_STOP:
      KeClearEvent(&Extension->Going);
      break;
    case IOCTL_MILL_GO:
      KeSetEvent(&Extension->Going, IO_NO_INCREMENT, FALSE);
      break;
    default:
      return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
  }
  return Complete(Irp, STATUS_SUCCESS, 0);
}

/* It waits in the device's queue, or is the current one and not begun yet. */
_Use_decl_annotations_ VOID MillCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  if (Irp == DeviceObject->CurrentIrp) {
    IoReleaseCancelSpinLock(Irp->CancelIrql);
    IoStartNextPacket(DeviceObject, TRUE);
  } else {
    KeRemoveEntryDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry);
    IoReleaseCancelSpinLock(Irp->CancelIrql);
  }
  Complete(Irp, STATUS_CANCELLED, 0);
}

_Use_decl_annotations_ VOID MillStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  LARGE_INTEGER DueTime;
  KIRQL OldIrql;

  IoAcquireCancelSpinLock(&OldIrql);
  if (Irp != DeviceObject->CurrentIrp || Irp->Cancel) {
    IoReleaseCancelSpinLock(OldIrql); /* MillCancel has it */
    return;
  }
  (void)IoSetCancelRoutine(Irp, NULL);
  IoReleaseCancelSpinLock(OldIrql);
  DueTime.QuadPart = -10000LL * MILL_TURN_MS;
  KeSetTimer(&Extension->Timer, DueTime, &Extension->TimerDpc);
}

_Use_decl_annotations_ VOID MillTimerDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                         PVOID SystemArgument2) {
  PDEVICE_EXTENSION Extension = DeferredContext;

  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(SystemArgument1);
  UNREFERENCED_PARAMETER(SystemArgument2);
  ++Extension->Counts.Timers;
  IoRequestDpc(Extension->Self, Extension->Self->CurrentIrp, Extension);
}

_Use_decl_annotations_ VOID MillDpc(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                    PVOID Context) {
  PDEVICE_EXTENSION Extension = Context;

  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(DeviceObject);
  ++Extension->Counts.Dpcs;
  IoQueueWorkItem(Extension->WorkItem, MillWork, DelayedWorkQueue, Irp);
}

_Use_decl_annotations_ VOID MillWork(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  PIRP Irp = Context;
  PUCHAR Bytes = Irp->AssociatedIrp.SystemBuffer;
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength;
  KIRQL OldIrql;
  ULONG I;

  KeWaitForSingleObject(&Extension->Going, Executive, KernelMode, FALSE, NULL);
  for (I = 0; I < Length; ++I) ++Bytes[I];
  ++Extension->Counts.Items;
  Complete(Irp, STATUS_SUCCESS, Length);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  IoStartNextPacket(DeviceObject, TRUE);
  KeLowerIrql(OldIrql);
}

_Use_decl_annotations_ VOID MillSecond(PDEVICE_OBJECT DeviceObject, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  ++((PDEVICE_EXTENSION)Context)->Counts.Seconds;
}

_Use_decl_annotations_ VOID MillUnload(PDRIVER_OBJECT DriverObject) {
  PDEVICE_OBJECT DeviceObject = DriverObject->DeviceObject;
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;

  PAGED_CODE();
  IoStopTimer(DeviceObject);
  KeCancelTimer(&Extension->Timer);
  KeFlushQueuedDpcs();
  IoFreeWorkItem(Extension->WorkItem);
  IoDeleteDevice(DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\Mill");
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  Extension = DeviceObject->DeviceExtension;
  Extension->Self = DeviceObject;
  Extension->WorkItem = IoAllocateWorkItem(DeviceObject);
  Status = Extension->WorkItem == NULL ? STATUS_INSUFFICIENT_RESOURCES
                                       : IoInitializeTimer(DeviceObject, MillSecond, Extension);
  if (!NT_SUCCESS(Status)) {
    if (Extension->WorkItem != NULL) IoFreeWorkItem(Extension->WorkItem);
    IoDeleteDevice(DeviceObject);
    return Status;
  }
  KeInitializeEvent(&Extension->Going, NotificationEvent, TRUE);
  KeInitializeTimer(&Extension->Timer);
  KeInitializeDpc(&Extension->TimerDpc, MillTimerDpc, Extension);
  IoInitializeDpcRequest(DeviceObject, MillDpc);
  DriverObject->MajorFunction[IRP_MJ_CREATE] = MillCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = MillCreateClose;
  DriverObject->MajorFunction[IRP_MJ_READ] = MillRead;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = MillControl;
  DriverObject->DriverStartIo = MillStartIo;
  DriverObject->DriverUnload = MillUnload;
  DeviceObject->Flags |= DO_BUFFERED_IO;
  IoStartTimer(DeviceObject);
  return STATUS_SUCCESS;
}
