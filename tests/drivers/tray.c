/* The bus driver of a tray: cards are put in, pulled out and ejected by its control requests. */
#include <ntddk.h>

#include "tray.h"

#define TRAY_TAG 'yarT'

/* What a device object of this driver is. */
typedef struct _COMMON_EXTENSION {
  BOOLEAN IsTray;
} COMMON_EXTENSION, *PCOMMON_EXTENSION;

typedef struct _TRAY_EXTENSION {
  COMMON_EXTENSION Common;
  PDEVICE_OBJECT Self;
  PDEVICE_OBJECT PhysicalDevice;
  PDEVICE_OBJECT LowerDevice;
  IO_REMOVE_LOCK RemoveLock;
  UNICODE_STRING InterfaceName;
  FAST_MUTEX Mutex;                  /* the places, and what is in them */
  PDEVICE_OBJECT Cards[TRAY_PLACES]; /* NULL: nobody has been told of one */
  BOOLEAN Present[TRAY_PLACES];
} TRAY_EXTENSION, *PTRAY_EXTENSION;

typedef struct _CARD_EXTENSION {
  COMMON_EXTENSION Common;
  PTRAY_EXTENSION Tray;
  ULONG Place;
} CARD_EXTENSION, *PCARD_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE TrayAddDevice;
DRIVER_UNLOAD TrayUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH TrayCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH TrayControl;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH TrayPnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH TrayPower;
IO_COMPLETION_ROUTINE TrayLowerDone;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, TrayAddDevice)
#pragma alloc_text(PAGE, TrayUnload)
#endif

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS TrayLowerDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(Device);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS ForwardAndWait(PDEVICE_OBJECT LowerDevice, PIRP Irp) {
  KEVENT Done;
  NTSTATUS Status;
  KeInitializeEvent(&Done, NotificationEvent, FALSE);
  IoCopyCurrentIrpStackLocationToNext(Irp);
  IoSetCompletionRoutine(Irp, TrayLowerDone, &Done, TRUE, TRUE, TRUE);
  Status = IoCallDriver(LowerDevice, Irp);
  if (Status != STATUS_PENDING) return Status;
  KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
  return Irp->IoStatus.Status;
}

/* ---- Cards, the children. */

static NTSTATUS GiveText(PIRP Irp, PCWSTR Text, SIZE_T Bytes) {
  PVOID Copy = ExAllocatePool2(POOL_FLAG_PAGED, Bytes, TRAY_TAG);
  if (Copy == NULL) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
  RtlCopyMemory(Copy, Text, Bytes);
  return Complete(Irp, STATUS_SUCCESS, (ULONG_PTR)Copy);
}

static NTSTATUS CardQueryId(PCARD_EXTENSION Card, PIRP Irp) {
  static const WCHAR Ids[] = L"TRAY\\Card\0";
  WCHAR Instance[] = L"0";
  switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.QueryId.IdType) {
    case BusQueryDeviceID:
      return GiveText(Irp, L"TRAY\\Card", sizeof(L"TRAY\\Card"));
    case BusQueryHardwareIDs:
      return GiveText(Irp, Ids, sizeof(Ids));
    case BusQueryInstanceID:
      Instance[0] += (WCHAR)(Card->Place + 1);
      return GiveText(Irp, Instance, sizeof(Instance));
    default:
      return Complete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
  }
}

static NTSTATUS CardQueryCapabilities(PIRP Irp) {
  PDEVICE_CAPABILITIES Capabilities =
      IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceCapabilities.Capabilities;
  if (Capabilities->Version != 1 || Capabilities->Size < sizeof(DEVICE_CAPABILITIES))
    return Complete(Irp, STATUS_UNSUCCESSFUL, 0);
  Capabilities->UniqueID = TRUE;
  Capabilities->EjectSupported = TRUE;
  Capabilities->Removable = TRUE;
  return Complete(Irp, STATUS_SUCCESS, 0);
}

/* While the tray reports the card its device object stays. */
static NTSTATUS CardRemove(PDEVICE_OBJECT Device, PCARD_EXTENSION Card, PIRP Irp) {
  PTRAY_EXTENSION Tray = Card->Tray;
  BOOLEAN Present;
  ExAcquireFastMutex(&Tray->Mutex);
  Present = Tray->Present[Card->Place];
  if (!Present && Tray->Cards[Card->Place] == Device) Tray->Cards[Card->Place] = NULL;
  ExReleaseFastMutex(&Tray->Mutex);
  if (!Present) IoDeleteDevice(Device);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS CardPnp(PDEVICE_OBJECT Device, PIRP Irp) {
  PCARD_EXTENSION Card = Device->DeviceExtension;
  switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
    case IRP_MN_SURPRISE_REMOVAL:
      return Complete(Irp, STATUS_SUCCESS, 0);
    case IRP_MN_REMOVE_DEVICE:
      return CardRemove(Device, Card, Irp);
    case IRP_MN_EJECT:
      Card->Tray->Present[Card->Place] = FALSE;
      return Complete(Irp, STATUS_SUCCESS, 0);
    case IRP_MN_QUERY_ID:
      return CardQueryId(Card, Irp);
    case IRP_MN_QUERY_CAPABILITIES:
      return CardQueryCapabilities(Irp);
    default:
      return Complete(Irp, Irp->IoStatus.Status, Irp->IoStatus.Information);
  }
}

/* ---- The tray. */

static PDEVICE_OBJECT MakeCard(PTRAY_EXTENSION Tray, ULONG Place) {
  PDEVICE_OBJECT Device;
  PCARD_EXTENSION Card;
  if (!NT_SUCCESS(IoCreateDevice(
          Tray->Self->DriverObject, sizeof(CARD_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
          FILE_AUTOGENERATED_DEVICE_NAME | FILE_DEVICE_SECURE_OPEN, FALSE, &Device)))
    return NULL;
  Card = Device->DeviceExtension;
  Card->Common.IsTray = FALSE;
  Card->Tray = Tray;
  Card->Place = Place;
  Device->Flags |= DO_POWER_PAGABLE;
  Device->Flags &= ~DO_DEVICE_INITIALIZING;
  return Device;
}

static NTSTATUS QueryCards(PTRAY_EXTENSION Tray, PIRP Irp) {
  PDEVICE_RELATIONS Relations;
  ULONG Place;
  PAGED_CODE();
  Relations = ExAllocatePool2(
      POOL_FLAG_PAGED, sizeof(DEVICE_RELATIONS) + TRAY_PLACES * sizeof(PDEVICE_OBJECT), TRAY_TAG);
  if (Relations == NULL) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
  Relations->Count = 0;
  ExAcquireFastMutex(&Tray->Mutex);
  for (Place = 0; Place < TRAY_PLACES; ++Place) {
    if (!Tray->Present[Place]) continue;
    if (Tray->Cards[Place] == NULL) Tray->Cards[Place] = MakeCard(Tray, Place);
    if (Tray->Cards[Place] == NULL) continue;
    ObReferenceObject(Tray->Cards[Place]);
    Relations->Objects[Relations->Count++] = Tray->Cards[Place];
  }
  ExReleaseFastMutex(&Tray->Mutex);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = (ULONG_PTR)Relations;
  IoSkipCurrentIrpStackLocation(Irp);
  return IoCallDriver(Tray->LowerDevice, Irp);
}

static NTSTATUS TrayRemove(PTRAY_EXTENSION Tray, PIRP Irp) {
  PDEVICE_OBJECT LowerDevice = Tray->LowerDevice;
  PDEVICE_OBJECT Self = Tray->Self;
  NTSTATUS Status;
  ULONG Place;
  IoReleaseRemoveLockAndWait(&Tray->RemoveLock, Irp);
  for (Place = 0; Place < TRAY_PLACES; ++Place)
    if (Tray->Cards[Place] != NULL) IoDeleteDevice(Tray->Cards[Place]);
  IoSetDeviceInterfaceState(&Tray->InterfaceName, FALSE);
  RtlFreeUnicodeString(&Tray->InterfaceName);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  IoSkipCurrentIrpStackLocation(Irp);
  Status = IoCallDriver(LowerDevice, Irp);
  IoDetachDevice(LowerDevice);
  IoDeleteDevice(Self);
  return Status;
}

static NTSTATUS TrayStart(PTRAY_EXTENSION Tray, PIRP Irp) {
  NTSTATUS Status = ForwardAndWait(Tray->LowerDevice, Irp);
  if (NT_SUCCESS(Status)) Status = IoSetDeviceInterfaceState(&Tray->InterfaceName, TRUE);
  return Complete(Irp, Status, 0);
}

_Use_decl_annotations_ NTSTATUS TrayPnp(PDEVICE_OBJECT Device, PIRP Irp) {
  PTRAY_EXTENSION Tray = Device->DeviceExtension;
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  NTSTATUS Status;
  PAGED_CODE();
  if (!Tray->Common.IsTray) return CardPnp(Device, Irp);
  Status = IoAcquireRemoveLock(&Tray->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  if (Stack->MinorFunction == IRP_MN_REMOVE_DEVICE) return TrayRemove(Tray, Irp);
  if (Stack->MinorFunction == IRP_MN_START_DEVICE) {
    Status = TrayStart(Tray, Irp);
  } else if (Stack->MinorFunction == IRP_MN_QUERY_DEVICE_RELATIONS &&
             Stack->Parameters.QueryDeviceRelations.Type == BusRelations) {
    Status = QueryCards(Tray, Irp);
  } else {
    if (Stack->MinorFunction == IRP_MN_QUERY_REMOVE_DEVICE ||
        Stack->MinorFunction == IRP_MN_CANCEL_REMOVE_DEVICE ||
        Stack->MinorFunction == IRP_MN_SURPRISE_REMOVAL)
      Irp->IoStatus.Status = STATUS_SUCCESS;
    IoSkipCurrentIrpStackLocation(Irp);
    Status = IoCallDriver(Tray->LowerDevice, Irp);
  }
  IoReleaseRemoveLock(&Tray->RemoveLock, Irp);
  return Status;
}

static NTSTATUS Change(PTRAY_EXTENSION Tray, ULONG Place, BOOLEAN Present) {
  NTSTATUS Status = STATUS_SUCCESS;
  ExAcquireFastMutex(&Tray->Mutex);
  if (Tray->Present[Place] == Present)
    Status = Present ? STATUS_DEVICE_ALREADY_ATTACHED : STATUS_NO_SUCH_DEVICE;
  else
    Tray->Present[Place] = Present;
  ExReleaseFastMutex(&Tray->Mutex);
  if (NT_SUCCESS(Status)) IoInvalidateDeviceRelations(Tray->PhysicalDevice, BusRelations);
  return Status;
}

static NTSTATUS Eject(PTRAY_EXTENSION Tray, ULONG Place) {
  NTSTATUS Status = STATUS_NO_SUCH_DEVICE;
  ExAcquireFastMutex(&Tray->Mutex);
  if (Tray->Present[Place] && Tray->Cards[Place] != NULL) {
    IoRequestDeviceEject(Tray->Cards[Place]);
    Status = STATUS_SUCCESS;
  }
  ExReleaseFastMutex(&Tray->Mutex);
  return Status;
}

static NTSTATUS Serve(PTRAY_EXTENSION Tray, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  ULONG Number;
  if (Stack->Parameters.DeviceIoControl.InputBufferLength != sizeof(Number))
    return STATUS_INVALID_PARAMETER;
  Number = *(PULONG)Irp->AssociatedIrp.SystemBuffer;
  if (Number == 0 || Number > TRAY_PLACES) return STATUS_INVALID_PARAMETER;
  switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_TRAY_PUT_IN:
      return Change(Tray, Number - 1, TRUE);
    case IOCTL_TRAY_PULL_OUT:
      return Change(Tray, Number - 1, FALSE);
    case IOCTL_TRAY_EJECT:
      return Eject(Tray, Number - 1);
    default:
      return STATUS_INVALID_DEVICE_REQUEST;
  }
}

_Use_decl_annotations_ NTSTATUS TrayControl(PDEVICE_OBJECT Device, PIRP Irp) {
  PTRAY_EXTENSION Tray = Device->DeviceExtension;
  NTSTATUS Status;
  if (!Tray->Common.IsTray) return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
  Status = IoAcquireRemoveLock(&Tray->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  Status = Complete(Irp, Serve(Tray, Irp), 0);
  IoReleaseRemoveLock(&Tray->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS TrayPower(PDEVICE_OBJECT Device, PIRP Irp) {
  PTRAY_EXTENSION Tray = Device->DeviceExtension;
  PoStartNextPowerIrp(Irp);
  if (!Tray->Common.IsTray) return Complete(Irp, STATUS_SUCCESS, 0);
  IoSkipCurrentIrpStackLocation(Irp);
  return PoCallDriver(Tray->LowerDevice, Irp);
}

_Use_decl_annotations_ NTSTATUS TrayCreateClose(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS TrayAddDevice(PDRIVER_OBJECT Driver,
                                              PDEVICE_OBJECT PhysicalDevice) {
  PTRAY_EXTENSION Tray;
  PDEVICE_OBJECT Device;
  NTSTATUS Status;
  PAGED_CODE();
  Status = IoCreateDevice(Driver, sizeof(TRAY_EXTENSION), NULL, FILE_DEVICE_BUS_EXTENDER,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &Device);
  if (!NT_SUCCESS(Status)) return Status;
  Tray = Device->DeviceExtension;
  Tray->Common.IsTray = TRUE;
  Tray->Self = Device;
  Tray->PhysicalDevice = PhysicalDevice;
  Tray->Present[0] = TRUE; /* one card is in it from the beginning */
  ExInitializeFastMutex(&Tray->Mutex);
  IoInitializeRemoveLock(&Tray->RemoveLock, TRAY_TAG, 0, 0);
  Status = IoRegisterDeviceInterface(PhysicalDevice, &GUID_DEVINTERFACE_TRAY, NULL,
                                     &Tray->InterfaceName);
  if (!NT_SUCCESS(Status)) {
    IoDeleteDevice(Device);
    return Status;
  }
  Tray->LowerDevice = IoAttachDeviceToDeviceStack(Device, PhysicalDevice);
  if (Tray->LowerDevice == NULL) {
    RtlFreeUnicodeString(&Tray->InterfaceName);
    IoDeleteDevice(Device);
    return STATUS_DEVICE_REMOVED;
  }
  Device->Flags |= DO_POWER_PAGABLE;
  Device->Flags &= ~DO_DEVICE_INITIALIZING;
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID TrayUnload(PDRIVER_OBJECT Driver) {
  PAGED_CODE();
  NT_ASSERT(Driver->DeviceObject == NULL);
  UNREFERENCED_PARAMETER(Driver);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverExtension->AddDevice = TrayAddDevice;
  Driver->DriverUnload = TrayUnload;
  Driver->MajorFunction[IRP_MJ_CREATE] = TrayCreateClose;
  Driver->MajorFunction[IRP_MJ_CLOSE] = TrayCreateClose;
  Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = TrayControl;
  Driver->MajorFunction[IRP_MJ_PNP] = TrayPnp;
  Driver->MajorFunction[IRP_MJ_POWER] = TrayPower;
  return STATUS_SUCCESS;
}
