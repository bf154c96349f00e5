/* The function driver of a device that is plugged in: it takes the resources that it is assigned,
   connects its interrupt, and goes when its device does. */
#include <ntddk.h>

#include "plug.h"

#define PLUG_TAG 'gulP'

typedef struct _DEVICE_EXTENSION {
  PDEVICE_OBJECT Self;
  PDEVICE_OBJECT PhysicalDevice;
  PDEVICE_OBJECT LowerDevice;
  IO_REMOVE_LOCK RemoveLock;
  PKINTERRUPT Interrupt;
  volatile LONG Interrupts;
  PLUG_INFORMATION Information;
  BOOLEAN Started;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE PlugAddDevice;
DRIVER_UNLOAD PlugUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH PlugCreateClose;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH PlugRead;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH PlugPnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH PlugPower;
_Dispatch_type_(IRP_MJ_SYSTEM_CONTROL) DRIVER_DISPATCH PlugSystemControl;
KSERVICE_ROUTINE PlugInterrupt;
IO_COMPLETION_ROUTINE PlugLowerDone;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, PlugAddDevice)
#pragma alloc_text(PAGE, PlugUnload)
#endif

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ BOOLEAN PlugInterrupt(PKINTERRUPT Interrupt, PVOID Context) {
  PDEVICE_EXTENSION Extension = Context;
  UNREFERENCED_PARAMETER(Interrupt);
  InterlockedIncrement(&Extension->Interrupts);
  return TRUE;
}

_Use_decl_annotations_ NTSTATUS PlugLowerDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(Device);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

/* The lower drivers first. */
static NTSTATUS ForwardAndWait(PDEVICE_EXTENSION Extension, PIRP Irp) {
  KEVENT Done;
  NTSTATUS Status;
  KeInitializeEvent(&Done, NotificationEvent, FALSE);
  IoCopyCurrentIrpStackLocationToNext(Irp);
  IoSetCompletionRoutine(Irp, PlugLowerDone, &Done, TRUE, TRUE, TRUE);
  Status = IoCallDriver(Extension->LowerDevice, Irp);
  if (Status == STATUS_PENDING) {
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    Status = Irp->IoStatus.Status;
  }
  return Status;
}

static NTSTATUS ForwardAndForget(PDEVICE_EXTENSION Extension, PIRP Irp) {
  IoSkipCurrentIrpStackLocation(Irp);
  return IoCallDriver(Extension->LowerDevice, Irp);
}

/* What an installation may have written for the driver. */
static ULONG ReadWidth(PDEVICE_EXTENSION Extension) {
  UNICODE_STRING Name;
  HANDLE Key;
  ULONG Length;
  ULONG Width = 0;
  union {
    KEY_VALUE_PARTIAL_INFORMATION Information;
    UCHAR Bytes[sizeof(KEY_VALUE_PARTIAL_INFORMATION) + sizeof(ULONG)];
  } Value;
  if (!NT_SUCCESS(IoOpenDeviceRegistryKey(Extension->PhysicalDevice, PLUGPLAY_REGKEY_DRIVER,
                                          KEY_READ, &Key)))
    return 0;
  RtlInitUnicodeString(&Name, L"Width");
  if (NT_SUCCESS(ZwQueryValueKey(Key, &Name, KeyValuePartialInformation, &Value, sizeof(Value),
                                 &Length)) &&
      Value.Information.Type == REG_DWORD)
    RtlCopyMemory(&Width, Value.Information.Data, sizeof(Width));
  ZwClose(Key);
  return Width;
}

static VOID TellName(PDEVICE_EXTENSION Extension) {
  WCHAR Name[64];
  ULONG Length;
  if (NT_SUCCESS(IoGetDeviceProperty(Extension->PhysicalDevice, DevicePropertyFriendlyName,
                                     sizeof(Name), Name, &Length)))
    DbgPrint("plug: %ws started\n", Name);
}

static VOID TakeResources(PDEVICE_EXTENSION Extension, PCM_RESOURCE_LIST List) {
  PPLUG_INFORMATION Information = &Extension->Information;
  PCM_PARTIAL_RESOURCE_LIST Partial;
  ULONG Index;
  RtlZeroMemory(Information, sizeof(*Information));
  if (List == NULL) return;
  Partial = &List->List[0].PartialResourceList;
  Information->Resources = Partial->Count;
  for (Index = 0; Index < Partial->Count; ++Index) {
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource = &Partial->PartialDescriptors[Index];
    if (Resource->Type == CmResourceTypePort && Information->PortLength == 0) {
      Information->PortStart = (ULONGLONG)Resource->u.Port.Start.QuadPart;
      Information->PortLength = Resource->u.Port.Length;
    }
    if (Resource->Type == CmResourceTypeInterrupt && Information->Vector == 0)
      Information->Vector = Resource->u.Interrupt.Vector;
  }
}

static NTSTATUS Connect(PDEVICE_EXTENSION Extension) {
  IO_CONNECT_INTERRUPT_PARAMETERS Parameters;
  if (Extension->Information.Vector == 0) return STATUS_SUCCESS;
  RtlZeroMemory(&Parameters, sizeof(Parameters));
  Parameters.Version = CONNECT_LINE_BASED;
  Parameters.LineBased.PhysicalDeviceObject = Extension->PhysicalDevice;
  Parameters.LineBased.InterruptObject = &Extension->Interrupt;
  Parameters.LineBased.ServiceRoutine = PlugInterrupt;
  Parameters.LineBased.ServiceContext = Extension;
  return IoConnectInterruptEx(&Parameters);
}

static VOID Disconnect(PDEVICE_EXTENSION Extension) {
  IO_DISCONNECT_INTERRUPT_PARAMETERS Parameters;
  if (Extension->Interrupt == NULL) return;
  Parameters.Version = CONNECT_LINE_BASED;
  Parameters.ConnectionContext.InterruptObject = Extension->Interrupt;
  IoDisconnectInterruptEx(&Parameters);
  Extension->Interrupt = NULL;
}

static NTSTATUS Start(PDEVICE_EXTENSION Extension, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  NTSTATUS Status = ForwardAndWait(Extension, Irp);
  if (NT_SUCCESS(Status)) {
    TakeResources(Extension, Stack->Parameters.StartDevice.AllocatedResourcesTranslated);
    Extension->Information.Width = ReadWidth(Extension);
    Status = Connect(Extension);
  }
  if (NT_SUCCESS(Status)) {
    Extension->Started = TRUE;
    TellName(Extension);
  }
  return Complete(Irp, Status, 0);
}

static NTSTATUS Remove(PDEVICE_EXTENSION Extension, PIRP Irp) {
  PDEVICE_OBJECT Self = Extension->Self;
  NTSTATUS Status;
  Extension->Started = FALSE;
  IoReleaseRemoveLockAndWait(&Extension->RemoveLock, Irp);
  Disconnect(Extension);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Status = ForwardAndForget(Extension, Irp);
  IoDetachDevice(Extension->LowerDevice);
  IoDeleteDevice(Self);
  return Status;
}

_Use_decl_annotations_ NTSTATUS PlugPnp(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
      Status = Start(Extension, Irp);
      break;
    case IRP_MN_REMOVE_DEVICE:
      return Remove(Extension, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
      Extension->Started = FALSE;
      Disconnect(Extension);
      Irp->IoStatus.Status = STATUS_SUCCESS;
      Status = ForwardAndForget(Extension, Irp);
      break;
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
      Irp->IoStatus.Status = STATUS_SUCCESS;
      Status = ForwardAndForget(Extension, Irp);
      break;
    default:
      Status = ForwardAndForget(Extension, Irp);
  }
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS PlugPower(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  PoStartNextPowerIrp(Irp);
  IoSkipCurrentIrpStackLocation(Irp);
  return PoCallDriver(Extension->LowerDevice, Irp);
}

_Use_decl_annotations_ NTSTATUS PlugSystemControl(PDEVICE_OBJECT Device, PIRP Irp) {
  return ForwardAndForget(Device->DeviceExtension, Irp);
}

_Use_decl_annotations_ NTSTATUS PlugCreateClose(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS PlugRead(PDEVICE_OBJECT Device, PIRP Irp) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  PPLUG_INFORMATION Information = Irp->AssociatedIrp.SystemBuffer;
  NTSTATUS Status = IoAcquireRemoveLock(&Extension->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  if (!Extension->Started) {
    Status = Complete(Irp, STATUS_DEVICE_NOT_CONNECTED, 0);
  } else if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length < sizeof(*Information)) {
    Status = Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  } else {
    *Information = Extension->Information;
    Information->Interrupts = (ULONG)Extension->Interrupts;
    Status = Complete(Irp, STATUS_SUCCESS, sizeof(*Information));
  }
  IoReleaseRemoveLock(&Extension->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS PlugAddDevice(PDRIVER_OBJECT Driver,
                                              PDEVICE_OBJECT PhysicalDevice) {
  UNICODE_STRING Name;
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT Device;
  NTSTATUS Status;
  PAGED_CODE();
  RtlInitUnicodeString(&Name, L"\\Device\\Plug");
  Status = IoCreateDevice(Driver, sizeof(DEVICE_EXTENSION), &Name, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &Device);
  if (!NT_SUCCESS(Status)) return Status;
  Extension = Device->DeviceExtension;
  Extension->Self = Device;
  Extension->PhysicalDevice = PhysicalDevice;
  IoInitializeRemoveLock(&Extension->RemoveLock, PLUG_TAG, 0, 0);
  Extension->LowerDevice = IoAttachDeviceToDeviceStack(Device, PhysicalDevice);
  if (Extension->LowerDevice == NULL) {
    IoDeleteDevice(Device);
    return STATUS_DEVICE_REMOVED;
  }
  Device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
  Device->Flags &= ~DO_DEVICE_INITIALIZING;
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID PlugUnload(PDRIVER_OBJECT Driver) {
  PAGED_CODE();
  NT_ASSERT(Driver->DeviceObject == NULL);
  UNREFERENCED_PARAMETER(Driver);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverExtension->AddDevice = PlugAddDevice;
  Driver->DriverUnload = PlugUnload;
  Driver->MajorFunction[IRP_MJ_CREATE] = PlugCreateClose;
  Driver->MajorFunction[IRP_MJ_CLEANUP] = PlugCreateClose;
  Driver->MajorFunction[IRP_MJ_CLOSE] = PlugCreateClose;
  Driver->MajorFunction[IRP_MJ_READ] = PlugRead;
  Driver->MajorFunction[IRP_MJ_PNP] = PlugPnp;
  Driver->MajorFunction[IRP_MJ_POWER] = PlugPower;
  Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = PlugSystemControl;
  return STATUS_SUCCESS;
}
