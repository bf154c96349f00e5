/* What all drivers that break rules are: a device, named as the driver, and a control code for each
   rule. */
#include <ntddk.h>

#include "breaks.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD BreaksUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH BreaksCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH BreaksDeviceControl;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS BreaksCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  return Complete(Irp, STATUS_SUCCESS);
}

_Use_decl_annotations_ NTSTATUS BreaksDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  ULONG Code = IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode;
  ULONG I;

  for (I = 0; I < BreakCount; ++I) {
    if (Code == IOCTL_BREAK(I)) {
      Breaks[I].Break(DeviceObject, Irp);
      /* Nobody noticed. */
      return Complete(Irp, STATUS_UNSUCCESSFUL);
    }
    if (Code == IOCTL_MEND(I)) {
      if (Breaks[I].Mend != NULL) Breaks[I].Mend();
      return Complete(Irp, STATUS_SUCCESS);
    }
  }
  return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
}

_Use_decl_annotations_ VOID BreaksUnload(PDRIVER_OBJECT DriverObject) {
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  WCHAR Buffer[64];
  UNICODE_STRING Name = {0, sizeof(Buffer), Buffer};
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  RtlAppendUnicodeToString(&Name, L"\\Device\\");
  Status = RtlAppendUnicodeStringToString(&Name, &DriverObject->DriverExtension->ServiceKeyName);
  if (!NT_SUCCESS(Status)) return Status;
  Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                          FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = BreaksCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = BreaksCreateClose;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = BreaksDeviceControl;
  DriverObject->DriverUnload = BreaksUnload;
  return STATUS_SUCCESS;
}
