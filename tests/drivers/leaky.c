/* A driver that forgets what it has allocated: each write is kept in pool, and never freed. A read
   gives the last one's address. Nor is something freed if DriverEntry fails; the extension of the
   driver object says where that is. */
#include <ntddk.h>

#include "leaky.h"

#define LEAKY_TAG 'kaeL'

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LeakyUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH LeakyCreateClose;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH LeakyRead;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH LeakyWrite;

static PVOID Last;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS LeakyCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS LeakyRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length < sizeof(PVOID))
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  *(PVOID*)Irp->AssociatedIrp.SystemBuffer = Last;
  return Complete(Irp, STATUS_SUCCESS, sizeof(PVOID));
}

_Use_decl_annotations_ NTSTATUS LeakyWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
  PVOID Scratch, Copy;

  UNREFERENCED_PARAMETER(DeviceObject);
  if (Length == 0) return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
  Scratch = ExAllocatePool2(POOL_FLAG_NON_PAGED, Length, LEAKY_TAG);
  Copy = ExAllocatePoolZero(PagedPool, Length, LEAKY_TAG);
  if (Scratch != NULL) ExFreePoolWithTag(Scratch, LEAKY_TAG);
  if (Copy == NULL) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
  RtlCopyMemory(Copy, Irp->AssociatedIrp.SystemBuffer, Length);
  Last = Copy;
  return Complete(Irp, STATUS_SUCCESS, Length);
}

_Use_decl_annotations_ VOID LeakyUnload(PDRIVER_OBJECT DriverObject) {
  PVOID* Settings = IoGetDriverObjectExtension(DriverObject, LEAKY_SETTINGS);

  ExFreePoolWithTag(*Settings, LEAKY_TAG);
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\Leaky");
  PDEVICE_OBJECT DeviceObject;
  PVOID* Settings;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  Status = IoAllocateDriverObjectExtension(DriverObject, LEAKY_SETTINGS, sizeof(PVOID),
                                           (PVOID*)&Settings);
  if (!NT_SUCCESS(Status)) return Status;
  *Settings = ExAllocatePoolZero(NonPagedPoolNx, 40, LEAKY_TAG);
  if (*Settings == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  Status = IoCreateDevice(DriverObject, 0, &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = LeakyCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = LeakyCreateClose;
  DriverObject->MajorFunction[IRP_MJ_READ] = LeakyRead;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = LeakyWrite;
  DriverObject->DriverUnload = LeakyUnload;
  DeviceObject->Flags |= DO_BUFFERED_IO;
  return STATUS_SUCCESS;
}
