/* The function driver of a card: what is written to it can be read, by its interface's name. */
#include <ntddk.h>

#include "tray.h"

#define CARD_TAG 'draC'

typedef struct _DEVICE_EXTENSION {
  PDEVICE_OBJECT Self;
  PDEVICE_OBJECT LowerDevice;
  IO_REMOVE_LOCK RemoveLock;
  UNICODE_STRING InterfaceName;
  volatile LONG Written;
  volatile BOOLEAN Present;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE CardAddDevice;
DRIVER_UNLOAD CardUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH CardCreateClose;
_Dispatch_type_(IRP_MJ_READ) _Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH CardTransfer;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH CardPnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH CardPower;
IO_COMPLETION_ROUTINE CardLowerDone;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, CardAddDevice)
#pragma alloc_text(PAGE, CardPnp)
#endif

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS CardLowerDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(Device);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS Forward(PDEVICE_EXTENSION Extension, PIRP Irp) {
  IoSkipCurrentIrpStackLocation(Irp);
  return IoCallDriver(Extension->LowerDevice, Irp);
}

static NTSTATUS Start(PDEVICE_EXTENSION Extension, PIRP Irp) {
  KEVENT Done;
  NTSTATUS Status;
  KeInitializeEvent(&Done, NotificationEvent, FALSE);
  IoCopyCurrentIrpStackLocationToNext(Irp);
  IoSetCompletionRoutine(Irp, CardLowerDone, &Done, TRUE, TRUE, TRUE);
  Status = IoCallDriver(Extension->LowerDevice, Irp);
  if (Status == STATUS_PENDING) {
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    Status = Irp->IoStatus.Status;
  }
  if (NT_SUCCESS(Status)) {
    Extension->Present = TRUE;
    Status = IoSetDeviceInterfaceState(&Extension->InterfaceName, TRUE);
  }
  return Complete(Irp, Status, 0);
}

/* Of a card that was lost the interface was disabled then. */
static NTSTATUS Remove(PDEVICE_EXTENSION Extension, PIRP Irp) {
  PDEVICE_OBJECT LowerDevice = Extension->LowerDevice;
  PDEVICE_OBJECT Self = Extension->Self;
  NTSTATUS Status;
  if (Extension->Present) IoSetDeviceInterfaceState(&Extension->InterfaceName, FALSE);
  Extension->Present = FALSE;
  IoReleaseRemoveLockAndWait(&Extension->RemoveLock, Irp);
  RtlFreeUnicodeString(&Extension->InterfaceName);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Status = Forward(Extension, Irp);
  IoDetachDevice(LowerDevice);
  IoDeleteDevice(Self);
  return Status;
}

_Use_decl_annotations_ NTSTATUS CardPnp(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  NTSTATUS Status;
  PAGED_CODE();
  Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
      Status = Start(Extension, Irp);
      break;
    case IRP_MN_REMOVE_DEVICE:
      return Remove(Extension, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
      Extension->Present = FALSE;
      IoSetDeviceInterfaceState(&Extension->InterfaceName, FALSE);
      Irp->IoStatus.Status = STATUS_SUCCESS;
      Status = Forward(Extension, Irp);
      break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
      Irp->IoStatus.Status = STATUS_SUCCESS;
      Status = Forward(Extension, Irp);
      break;
    default:
      Status = Forward(Extension, Irp);
  }
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return Status;
}

static NTSTATUS Transfer(PDEVICE_EXTENSION Extension, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  PCARD_DATA Data = Irp->AssociatedIrp.SystemBuffer;
  if (!Extension->Present) return Complete(Irp, STATUS_DEVICE_NOT_CONNECTED, 0);
  if (Stack->MajorFunction == IRP_MJ_WRITE) {
    if (Stack->Parameters.Write.Length != sizeof(ULONG))
      return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
    InterlockedExchange(&Extension->Written, *(PLONG)Irp->AssociatedIrp.SystemBuffer);
    return Complete(Irp, STATUS_SUCCESS, sizeof(ULONG));
  }
  if (Stack->Parameters.Read.Length < sizeof(*Data))
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  Data->Written = (ULONG)Extension->Written;
  Data->Filters = 0;
  return Complete(Irp, STATUS_SUCCESS, sizeof(*Data));
}

_Use_decl_annotations_ NTSTATUS CardTransfer(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  Status = Transfer(Extension, Irp);
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS CardPower(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  PoStartNextPowerIrp(Irp);
  IoSkipCurrentIrpStackLocation(Irp);
  return PoCallDriver(Extension->LowerDevice, Irp);
}

_Use_decl_annotations_ NTSTATUS CardCreateClose(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS CardAddDevice(PDRIVER_OBJECT Driver,
                                              PDEVICE_OBJECT PhysicalDevice) {
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT Device;
  NTSTATUS Status;
  PAGED_CODE();
  Status = IoCreateDevice(Driver, sizeof(DEVICE_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &Device);
  if (!NT_SUCCESS(Status)) return Status;
  Extension = Device->DeviceExtension;
  Extension->Self = Device;
  IoInitializeRemoveLock(&Extension->RemoveLock, CARD_TAG, 0, 0);
  Status = IoRegisterDeviceInterface(PhysicalDevice, &GUID_DEVINTERFACE_CARD, NULL,
                                     &Extension->InterfaceName);
  if (NT_SUCCESS(Status)) {
    Extension->LowerDevice = IoAttachDeviceToDeviceStack(Device, PhysicalDevice);
    if (Extension->LowerDevice == NULL) Status = STATUS_DEVICE_REMOVED;
  }
  if (!NT_SUCCESS(Status)) {
    if (Extension->InterfaceName.Buffer != NULL) RtlFreeUnicodeString(&Extension->InterfaceName);
    IoDeleteDevice(Device);
    return Status;
  }
  Device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
  Device->Flags &= ~DO_DEVICE_INITIALIZING;
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID CardUnload(PDRIVER_OBJECT Driver) {
  UNREFERENCED_PARAMETER(Driver);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverExtension->AddDevice = CardAddDevice;
  Driver->DriverUnload = CardUnload;
  Driver->MajorFunction[IRP_MJ_CREATE] = CardCreateClose;
  Driver->MajorFunction[IRP_MJ_CLOSE] = CardCreateClose;
  Driver->MajorFunction[IRP_MJ_READ] = CardTransfer;
  Driver->MajorFunction[IRP_MJ_WRITE] = CardTransfer;
  Driver->MajorFunction[IRP_MJ_PNP] = CardPnp;
  Driver->MajorFunction[IRP_MJ_POWER] = CardPower;
  return STATUS_SUCCESS;
}
