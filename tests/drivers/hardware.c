#include "hardware.h"

#define HARDWARE_TAG 'draH'

DRIVER_ADD_DEVICE HardwareAddDevice;
DRIVER_UNLOAD HardwareUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH HardwareCreateClose;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH HardwareTransfer;
_Dispatch_type_(IRP_MJ_PNP) DRIVER_DISPATCH HardwarePnp;
_Dispatch_type_(IRP_MJ_POWER) DRIVER_DISPATCH HardwarePower;
_Dispatch_type_(IRP_MJ_SYSTEM_CONTROL) DRIVER_DISPATCH HardwareSystemControl;
KSERVICE_ROUTINE HardwareService;
KDEFERRED_ROUTINE HardwareDeferred;
IO_COMPLETION_ROUTINE HardwareLowerDone;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS HardwareLowerDone(PDEVICE_OBJECT Device, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(Device);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS ForwardAndWait(PHARDWARE Hardware, PIRP Irp) {
  KEVENT Done;
  NTSTATUS Status;
  KeInitializeEvent(&Done, NotificationEvent, FALSE);
  IoCopyCurrentIrpStackLocationToNext(Irp);
  IoSetCompletionRoutine(Irp, HardwareLowerDone, &Done, TRUE, TRUE, TRUE);
  Status = IoCallDriver(Hardware->LowerDevice, Irp);
  if (Status == STATUS_PENDING) {
    KeWaitForSingleObject(&Done, Executive, KernelMode, FALSE, NULL);
    Status = Irp->IoStatus.Status;
  }
  return Status;
}

static NTSTATUS ForwardAndForget(PHARDWARE Hardware, PIRP Irp) {
  IoSkipCurrentIrpStackLocation(Irp);
  return IoCallDriver(Hardware->LowerDevice, Irp);
}

_Use_decl_annotations_ BOOLEAN HardwareService(PKINTERRUPT Interrupt, PVOID Context) {
  PHARDWARE Hardware = Context;
  UNREFERENCED_PARAMETER(Interrupt);
  if (!HardwareInterrupt(Hardware)) return FALSE;
  InterlockedIncrement(&Hardware->Interrupts);
  KeInsertQueueDpc(&Hardware->Dpc, NULL, NULL);
  return TRUE;
}

_Use_decl_annotations_ VOID HardwareDeferred(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
  PHARDWARE Hardware = Context;
  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(First);
  UNREFERENCED_PARAMETER(Second);
  KeSetEvent(&Hardware->Event, IO_NO_INCREMENT, FALSE);
}

static NTSTATUS TakeResources(PHARDWARE Hardware, PCM_RESOURCE_LIST List) {
  PCM_PARTIAL_RESOURCE_LIST Partial;
  ULONG Index;
  if (List == NULL) return STATUS_INVALID_PARAMETER;
  Partial = &List->List[0].PartialResourceList;
  for (Index = 0; Index < Partial->Count; ++Index) {
    PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource = &Partial->PartialDescriptors[Index];
    if (Resource->Type == CmResourceTypePort && Hardware->Port == NULL)
      Hardware->Port = (PUCHAR)(ULONG_PTR)Resource->u.Port.Start.QuadPart;
    if (Resource->Type == CmResourceTypeInterrupt) Hardware->HasInterrupt = TRUE;
    if (Resource->Type != CmResourceTypeMemory || Hardware->Registers != NULL) continue;
    Hardware->RegisterBytes = Resource->u.Memory.Length;
    Hardware->Registers =
        MmMapIoSpace(Resource->u.Memory.Start, Hardware->RegisterBytes, MmNonCached);
    if (Hardware->Registers == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  }
  return STATUS_SUCCESS;
}

static NTSTATUS Connect(PHARDWARE Hardware) {
  IO_CONNECT_INTERRUPT_PARAMETERS Parameters;
  if (!Hardware->HasInterrupt) return STATUS_SUCCESS;
  RtlZeroMemory(&Parameters, sizeof(Parameters));
  Parameters.Version = CONNECT_LINE_BASED;
  Parameters.LineBased.PhysicalDeviceObject = Hardware->PhysicalDevice;
  Parameters.LineBased.InterruptObject = &Hardware->Interrupt;
  Parameters.LineBased.ServiceRoutine = HardwareService;
  Parameters.LineBased.ServiceContext = Hardware;
  return IoConnectInterruptEx(&Parameters);
}

static VOID Disconnect(PHARDWARE Hardware) {
  IO_DISCONNECT_INTERRUPT_PARAMETERS Parameters;
  if (Hardware->Interrupt == NULL) return;
  Parameters.Version = CONNECT_LINE_BASED;
  Parameters.ConnectionContext.InterruptObject = Hardware->Interrupt;
  IoDisconnectInterruptEx(&Parameters);
  Hardware->Interrupt = NULL;
}

static NTSTATUS Start(PHARDWARE Hardware, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  NTSTATUS Status = ForwardAndWait(Hardware, Irp);
  if (NT_SUCCESS(Status))
    Status = TakeResources(Hardware, Stack->Parameters.StartDevice.AllocatedResourcesTranslated);
  if (NT_SUCCESS(Status)) Status = HardwarePrepare(Hardware);
  if (NT_SUCCESS(Status)) Status = Connect(Hardware);
  if (NT_SUCCESS(Status)) Status = HardwareBegin(Hardware);
  Hardware->Started = NT_SUCCESS(Status);
  return Complete(Irp, Status, 0);
}

static VOID Stop(PHARDWARE Hardware) {
  if (Hardware->Port != NULL || Hardware->Registers != NULL) HardwareEnd(Hardware);
  Hardware->Started = FALSE;
  Disconnect(Hardware);
  if (Hardware->Registers != NULL) MmUnmapIoSpace(Hardware->Registers, Hardware->RegisterBytes);
  Hardware->Registers = NULL;
  Hardware->Port = NULL;
}

static NTSTATUS Remove(PHARDWARE Hardware, PIRP Irp) {
  PDEVICE_OBJECT Self = Hardware->Self;
  NTSTATUS Status;
  IoReleaseRemoveLockAndWait(&Hardware->RemoveLock, Irp);
  Stop(Hardware);
  KeFlushQueuedDpcs();
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Status = ForwardAndForget(Hardware, Irp);
  IoDetachDevice(Hardware->LowerDevice);
  IoDeleteDevice(Self);
  return Status;
}

_Use_decl_annotations_ NTSTATUS HardwarePnp(PDEVICE_OBJECT Device, PIRP Irp) {
  PHARDWARE Hardware = Device->DeviceExtension;
  NTSTATUS Status = IoAcquireRemoveLock(&Hardware->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
    case IRP_MN_START_DEVICE:
      Status = Start(Hardware, Irp);
      break;
    case IRP_MN_REMOVE_DEVICE:
      return Remove(Hardware, Irp);
    case IRP_MN_SURPRISE_REMOVAL:
      Hardware->Started = FALSE;
      /* fall through */
    case IRP_MN_QUERY_REMOVE_DEVICE:
    case IRP_MN_CANCEL_REMOVE_DEVICE:
      Irp->IoStatus.Status = STATUS_SUCCESS;
      /* fall through */
    default:
      Status = ForwardAndForget(Hardware, Irp);
  }
  IoReleaseRemoveLock(&Hardware->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS HardwarePower(PDEVICE_OBJECT Device, PIRP Irp) {
  PHARDWARE Hardware = Device->DeviceExtension;
  PoStartNextPowerIrp(Irp);
  IoSkipCurrentIrpStackLocation(Irp);
  return PoCallDriver(Hardware->LowerDevice, Irp);
}

_Use_decl_annotations_ NTSTATUS HardwareSystemControl(PDEVICE_OBJECT Device, PIRP Irp) {
  return ForwardAndForget(Device->DeviceExtension, Irp);
}

_Use_decl_annotations_ NTSTATUS HardwareCreateClose(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS HardwareTransfer(PDEVICE_OBJECT Device, PIRP Irp) {
  PHARDWARE Hardware = Device->DeviceExtension;
  ULONG_PTR Length = 0;
  NTSTATUS Status = IoAcquireRemoveLock(&Hardware->RemoveLock, Irp);
  if (!NT_SUCCESS(Status)) return Complete(Irp, Status, 0);
  Status = Hardware->Started ? HardwareRequest(Hardware, IoGetCurrentIrpStackLocation(Irp),
                                               Irp->AssociatedIrp.SystemBuffer, &Length)
                             : STATUS_DEVICE_NOT_CONNECTED;
  Status = Complete(Irp, Status, NT_SUCCESS(Status) ? Length : 0);
  IoReleaseRemoveLock(&Hardware->RemoveLock, Irp);
  return Status;
}

_Use_decl_annotations_ NTSTATUS HardwareAddDevice(PDRIVER_OBJECT Driver,
                                                  PDEVICE_OBJECT PhysicalDevice) {
  UNICODE_STRING Name;
  PHARDWARE Hardware;
  PDEVICE_OBJECT Device;
  NTSTATUS Status;
  RtlInitUnicodeString(&Name, HardwareName);
  Status = IoCreateDevice(Driver, sizeof(HARDWARE), &Name, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &Device);
  if (!NT_SUCCESS(Status)) return Status;
  Hardware = Device->DeviceExtension;
  Hardware->Self = Device;
  Hardware->PhysicalDevice = PhysicalDevice;
  IoInitializeRemoveLock(&Hardware->RemoveLock, HARDWARE_TAG, 0, 0);
  KeInitializeDpc(&Hardware->Dpc, HardwareDeferred, Hardware);
  KeInitializeEvent(&Hardware->Event, SynchronizationEvent, FALSE);
  Hardware->LowerDevice = IoAttachDeviceToDeviceStack(Device, PhysicalDevice);
  if (Hardware->LowerDevice == NULL) {
    IoDeleteDevice(Device);
    return STATUS_DEVICE_REMOVED;
  }
  Device->Flags |= DO_BUFFERED_IO | DO_POWER_PAGABLE;
  Device->Flags &= ~DO_DEVICE_INITIALIZING;
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID HardwareUnload(PDRIVER_OBJECT Driver) {
  UNREFERENCED_PARAMETER(Driver);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverExtension->AddDevice = HardwareAddDevice;
  Driver->DriverUnload = HardwareUnload;
  Driver->MajorFunction[IRP_MJ_CREATE] = HardwareCreateClose;
  Driver->MajorFunction[IRP_MJ_CLEANUP] = HardwareCreateClose;
  Driver->MajorFunction[IRP_MJ_CLOSE] = HardwareCreateClose;
  Driver->MajorFunction[IRP_MJ_READ] = HardwareTransfer;
  Driver->MajorFunction[IRP_MJ_WRITE] = HardwareTransfer;
  Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = HardwareTransfer;
  Driver->MajorFunction[IRP_MJ_PNP] = HardwarePnp;
  Driver->MajorFunction[IRP_MJ_POWER] = HardwarePower;
  Driver->MajorFunction[IRP_MJ_SYSTEM_CONTROL] = HardwareSystemControl;
  return STATUS_SUCCESS;
}
