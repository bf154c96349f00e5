/* The driver that is measured: completes writes, and calls a routine or changes the level as often
   as it is told. */
#include <ntddk.h>

static UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\BenchTarget");

static NTSTATUS NTAPI Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

static DRIVER_DISPATCH Write;
static NTSTATUS NTAPI Write(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  return Complete(Irp, STATUS_SUCCESS, IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length);
}

/* As many calls as the request is long. */
static DRIVER_DISPATCH Read;
static NTSTATUS NTAPI Read(PDEVICE_OBJECT Device, PIRP Irp) {
  ULONG Left = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
  ULONG_PTR Sum = 0;
  UNREFERENCED_PARAMETER(Device);
  for (; Left > 0; --Left) Sum += KeGetCurrentIrql();
  return Complete(Irp, STATUS_SUCCESS, Sum);
}

/* The level is raised and lowered as often, as drivers have it inline. */
static DRIVER_DISPATCH Control;
static NTSTATUS NTAPI Control(PDEVICE_OBJECT Device, PIRP Irp) {
  ULONG Count =
      IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.OutputBufferLength;
  ULONG Left;
  UNREFERENCED_PARAMETER(Device);
  for (Left = Count; Left > 0; --Left) {
    ULONG64 Old = __readcr8();
    __writecr8(DISPATCH_LEVEL);
    __writecr8(Old);
  }
  return Complete(Irp, STATUS_SUCCESS, Count);
}

static DRIVER_UNLOAD Unload;
static VOID NTAPI Unload(PDRIVER_OBJECT Driver) {
  IoDeleteDevice(Driver->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  PDEVICE_OBJECT Device;
  NTSTATUS Status;
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = Unload;
  Driver->MajorFunction[IRP_MJ_WRITE] = Write;
  Driver->MajorFunction[IRP_MJ_READ] = Read;
  Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = Control;
  Status = IoCreateDevice(Driver, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
  if (NT_SUCCESS(Status)) Device->Flags &= ~DO_DEVICE_INITIALIZING;
  return Status;
}
