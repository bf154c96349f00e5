/* A driver that greets who reads its device. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD GreeterUnload;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH GreeterRead;
_Dispatch_type_(IRP_MJ_CREATE) DRIVER_DISPATCH GreeterCreate;

static NTSTATUS Complete(_In_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS GreeterCreate(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS GreeterRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  static const CHAR Greeting[] = "hello";
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;

  UNREFERENCED_PARAMETER(DeviceObject);
  if (Length < sizeof(Greeting)) return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Greeting, sizeof(Greeting));
  return Complete(Irp, STATUS_SUCCESS, sizeof(Greeting));
}

_Use_decl_annotations_ VOID GreeterUnload(PDRIVER_OBJECT DriverObject) {
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Greeter");
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  Status = IoCreateDevice(DriverObject, 0, &Name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                          FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  DeviceObject->Flags |= DO_BUFFERED_IO;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = GreeterCreate;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = GreeterCreate;
  DriverObject->MajorFunction[IRP_MJ_READ] = GreeterRead;
  DriverObject->DriverUnload = GreeterUnload;
  return STATUS_SUCCESS;
}
