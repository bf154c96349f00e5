/* A driver whose entry routine is needed once. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD Unload;
static __drv_dispatchType(IRP_MJ_CREATE) DRIVER_DISPATCH Open;

#pragma alloc_text(INIT, DriverEntry)

static NTSTATUS NTAPI Open(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

static VOID NTAPI Unload(PDRIVER_OBJECT Driver) { IoDeleteDevice(Driver->DeviceObject); }

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\Init");
  PDEVICE_OBJECT Device;
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = Unload;
  Driver->MajorFunction[IRP_MJ_CREATE] = Open;
  Driver->MajorFunction[IRP_MJ_CLOSE] = Open;
  return IoCreateDevice(Driver, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
}
