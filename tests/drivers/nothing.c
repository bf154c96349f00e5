/* A device that has nothing to read and wants nothing that is written. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD NothingUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH NothingCreateClose;
_Dispatch_type_(IRP_MJ_READ) _Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH NothingReadWrite;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, NothingUnload)
#pragma alloc_text(PAGE, NothingCreateClose)
#pragma alloc_text(PAGE, NothingReadWrite)
#endif

_Use_decl_annotations_ NTSTATUS NothingCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  PAGED_CODE();
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS NothingReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  NTSTATUS Status = STATUS_END_OF_FILE;

  UNREFERENCED_PARAMETER(DeviceObject);
  PAGED_CODE();
  Irp->IoStatus.Information = 0;
  if (Stack->MajorFunction == IRP_MJ_WRITE) {
    Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = Stack->Parameters.Write.Length;
  }
  Irp->IoStatus.Status = Status;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ VOID NothingUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\Nothing");
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  PAGED_CODE();
  Status = IoCreateDevice(DriverObject, 0, &DeviceName, FILE_DEVICE_NULL, FILE_DEVICE_SECURE_OPEN,
                          FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = NothingCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = NothingCreateClose;
  DriverObject->MajorFunction[IRP_MJ_READ] = NothingReadWrite;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = NothingReadWrite;
  DriverObject->DriverUnload = NothingUnload;
  DeviceObject->Flags |= DO_DIRECT_IO;
  return STATUS_SUCCESS;
}
