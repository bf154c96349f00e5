/* A filter: passes on whatever it gets, and counts itself in the last ULONG that a read gives. */
#include <ntddk.h>

#define SIEVE_TAG 'veiS'

typedef struct _DEVICE_EXTENSION {
  PDEVICE_OBJECT LowerDevice;
  IO_REMOVE_LOCK RemoveLock;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE SieveAddDevice;
DRIVER_UNLOAD SieveUnload;
DRIVER_DISPATCH SievePass;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH SieveRead;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH SievePnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH SievePower;
IO_COMPLETION_ROUTINE SieveReadDone;

static NTSTATUS Refuse(PIRP Irp, NTSTATUS Status) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS SievePass(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Refuse(Irp, Status);
  IoSkipCurrentIrpStackLocation(Irp);
  Status = IoCallDriver(Extension->LowerDevice, Irp);
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS SieveReadDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context) {
  PDEVICE_EXTENSION Extension = Context;
  ULONG_PTR Ulongs;
  UNREFERENCED_PARAMETER(Device);
  if (Irp->PendingReturned) IoMarkIrpPending(Irp);
  Ulongs = Irp->IoStatus.Information / sizeof(ULONG);
  if (NT_SUCCESS(Irp->IoStatus.Status) && Ulongs != 0)
    ++((PULONG)Irp->AssociatedIrp.SystemBuffer)[Ulongs - 1];
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return STATUS_CONTINUE_COMPLETION;
}

_Use_decl_annotations_ NTSTATUS SieveRead(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Refuse(Irp, Status);
  IoCopyCurrentIrpStackLocationToNext(Irp);
  IoSetCompletionRoutine(Irp, SieveReadDone, Extension, TRUE, TRUE, TRUE);
  return IoCallDriver(Extension->LowerDevice, Irp);
}

_Use_decl_annotations_ NTSTATUS SievePnp(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  NTSTATUS Status;
  if (IoGetCurrentIrpStackLocation(Irp)->MinorFunction != IRP_MN_REMOVE_DEVICE)
    return SievePass(Device, Irp);
  Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Refuse(Irp, Status);
  IoReleaseRemoveLockAndWait(&Extension->RemoveLock, Irp);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  IoSkipCurrentIrpStackLocation(Irp);
  Status = IoCallDriver(Extension->LowerDevice, Irp);
  IoDetachDevice(Extension->LowerDevice);
  IoDeleteDevice(Device);
  return Status;
}

_Use_decl_annotations_ NTSTATUS SievePower(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  PoStartNextPowerIrp(Irp);
  IoSkipCurrentIrpStackLocation(Irp);
  return PoCallDriver(Extension->LowerDevice, Irp);
}

/* The filter's device is to be used as the one below it is. */
_Use_decl_annotations_ NTSTATUS SieveAddDevice(PDRIVER_OBJECT Driver,
                                               PDEVICE_OBJECT PhysicalDevice) {
  PDEVICE_OBJECT Device;
  PDEVICE_EXTENSION Extension;
  NTSTATUS Status = IoCreateDevice(Driver, sizeof(DEVICE_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0,
                                   FALSE, &Device);
  if (!NT_SUCCESS(Status)) return Status;
  Extension = Device->DeviceExtension;
  IoInitializeRemoveLock(&Extension->RemoveLock, SIEVE_TAG, 0, 0);
  Extension->LowerDevice = IoAttachDeviceToDeviceStack(Device, PhysicalDevice);
  if (Extension->LowerDevice == NULL) {
    IoDeleteDevice(Device);
    return STATUS_DEVICE_REMOVED;
  }
  Device->DeviceType = Extension->LowerDevice->DeviceType;
  Device->Characteristics = Extension->LowerDevice->Characteristics;
  Device->Flags |=
      Extension->LowerDevice->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO | DO_POWER_PAGABLE);
  Device->Flags &= ~DO_DEVICE_INITIALIZING;
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID SieveUnload(PDRIVER_OBJECT Driver) {
  UNREFERENCED_PARAMETER(Driver);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  ULONG Major;
  UNREFERENCED_PARAMETER(RegistryPath);
  for (Major = 0; Major <= IRP_MJ_MAXIMUM_FUNCTION; ++Major)
    Driver->MajorFunction[Major] = SievePass;
  Driver->MajorFunction[IRP_MJ_READ] = SieveRead;
  Driver->MajorFunction[IRP_MJ_PNP] = SievePnp;
  Driver->MajorFunction[IRP_MJ_POWER] = SievePower;
  Driver->DriverExtension->AddDevice = SieveAddDevice;
  Driver->DriverUnload = SieveUnload;
  return STATUS_SUCCESS;
}
