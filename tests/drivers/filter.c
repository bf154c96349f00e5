/* A filter over the device of loop.c: reads that come back have their text in capitals, writes are
   counted, and everything else passes. */
#include <ntddk.h>

#include "loop.h"

#define FILTER_TAG 'tliF'

typedef struct _DEVICE_EXTENSION {
  PDEVICE_OBJECT Lower;
  IO_REMOVE_LOCK RemoveLock; /* held for each request that is below */
  FILTER_PASSED Passed;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD FilterUnload;
DRIVER_DISPATCH FilterPass;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH FilterRead;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH FilterWrite;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH FilterDeviceControl;
IO_COMPLETION_ROUTINE FilterReadDone;
IO_COMPLETION_ROUTINE FilterWriteDone;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, FilterUnload)
#endif

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

/* The lower driver has the request as if there were no filter. */
_Use_decl_annotations_ NTSTATUS FilterPass(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);

  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  InterlockedIncrement((PLONG)&Extension->Passed.Others);
  IoSkipCurrentIrpStackLocation(Irp);
  Status = IoCallDriver(Extension->Lower, Irp);
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS FilterReadDone(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                               PVOID Context) {
  PDEVICE_EXTENSION Extension = Context;
  ULONG_PTR I;

  UNREFERENCED_PARAMETER(DeviceObject);
  if (Irp->PendingReturned) IoMarkIrpPending(Irp);
  if (NT_SUCCESS(Irp->IoStatus.Status) && Irp->MdlAddress != NULL) {
    PCHAR Text =
        MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);

    for (I = 0; Text != NULL && I < Irp->IoStatus.Information; ++I) Text[I] = RtlUpperChar(Text[I]);
    InterlockedIncrement((PLONG)&Extension->Passed.Reads);
  }
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return STATUS_CONTINUE_COMPLETION;
}

_Use_decl_annotations_ NTSTATUS FilterRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);

  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  IoCopyCurrentIrpStackLocationToNext(Irp);
  IoSetCompletionRoutine(Irp, FilterReadDone, Extension, TRUE, TRUE, TRUE);
  return IoCallDriver(Extension->Lower, Irp);
}

_Use_decl_annotations_ NTSTATUS FilterWriteDone(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  if (Irp->PendingReturned) KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/* Waits for the lower driver, and completes the request itself. */
_Use_decl_annotations_ NTSTATUS FilterWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
  KEVENT Done;

  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  KeInitializeEvent(&Done, NotificationEvent, FALSE);
  IoCopyCurrentIrpStackLocationToNext(Irp);
  IoSetCompletionRoutine(Irp, FilterWriteDone, &Done, TRUE, TRUE, TRUE);
  if (IoCallDriver(Extension->Lower, Irp) == STATUS_PENDING)
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
  Status = Irp->IoStatus.Status;
  if (NT_SUCCESS(Status)) {
    InterlockedIncrement((PLONG)&Extension->Passed.Writes);
    InterlockedAdd((PLONG)&Extension->Passed.BytesWritten, (LONG)Irp->IoStatus.Information);
  }
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS FilterDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

  if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_FILTER_PASSED)
    return FilterPass(DeviceObject, Irp);
  if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(FILTER_PASSED))
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  *(PFILTER_PASSED)Irp->AssociatedIrp.SystemBuffer = Extension->Passed;
  return Complete(Irp, STATUS_SUCCESS, sizeof(FILTER_PASSED));
}

/* New requests go to the lower device alone once the filter is detached. */
_Use_decl_annotations_ VOID FilterUnload(PDRIVER_OBJECT DriverObject) {
  PDEVICE_OBJECT DeviceObject = DriverObject->DeviceObject;
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;

  PAGED_CODE();
  if (NT_SUCCESS(IoAcquireRemoveLock(&Extension->RemoveLock, DeviceObject)))
    IoReleaseRemoveLockAndWait(&Extension->RemoveLock, DeviceObject);
  IoDetachDevice(Extension->Lower);
  IoDeleteDevice(DeviceObject);
}

static NTSTATUS Attach(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Target) {
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status =
      IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), NULL, Target->DeviceType,
                     Target->Characteristics & FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);

  if (!NT_SUCCESS(Status)) return Status;
  Extension = DeviceObject->DeviceExtension;
  IoInitializeRemoveLock(&Extension->RemoveLock, FILTER_TAG, 0, 0);
  Extension->Lower = IoAttachDeviceToDeviceStack(DeviceObject, Target);
  if (Extension->Lower == NULL) {
    IoDeleteDevice(DeviceObject);
    return STATUS_NO_SUCH_DEVICE;
  }
  DeviceObject->Flags |= Extension->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO);
  DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING TargetName = RTL_CONSTANT_STRING(L"\\Device\\Loop");
  PDEVICE_OBJECT Target;
  PFILE_OBJECT File;
  NTSTATUS Status;
  ULONG Major;

  UNREFERENCED_PARAMETER(RegistryPath);
  for (Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; ++Major)
    DriverObject->MajorFunction[Major] = FilterPass;
  DriverObject->MajorFunction[IRP_MJ_READ] = FilterRead;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = FilterWrite;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = FilterDeviceControl;
  DriverObject->DriverUnload = FilterUnload;

  Status = IoGetDeviceObjectPointer(&TargetName, FILE_READ_ATTRIBUTES, &File, &Target);
  if (!NT_SUCCESS(Status)) return Status;
  Status = Attach(DriverObject, Target);
  ObDereferenceObject(File);
  return Status;
}
