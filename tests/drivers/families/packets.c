/* Requests one by one: a device whose StartIo is told of the next when it has returned, and which
   takes them by their keys; and one request in parts. */
#define FAMILY "packets"
#include "expect.h"

#define PACKETS 4

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD PacketsUnload;
DRIVER_STARTIO PacketsStartIo;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH PacketsRead;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH PacketsWrite;
_Dispatch_type_(IRP_MJ_FLUSH_BUFFERS) DRIVER_DISPATCH PacketsFlush;
IO_COMPLETION_ROUTINE KeepIrp;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, PacketsUnload)
#endif

typedef struct _DEVICE_EXTENSION {
  ULONG Order[PACKETS]; /* the keys of those that were started */
  ULONG Started;
  ULONG Depth; /* of StartIo */
  ULONG Parts;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

/* The key of a request stands where its offset would. */
static ULONG KeyOf(PIRP Irp) {
  return IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Key;
}

_Use_decl_annotations_ NTSTATUS PacketsRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  ULONG Key = KeyOf(Irp);

  IoMarkIrpPending(Irp);
  IoStartPacket(DeviceObject, Irp, &Key, NULL);
  return STATUS_PENDING;
}

/* Does the first only when it is told to go on, those behind it as they come. */
_Use_decl_annotations_ VOID PacketsStartIo(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  ULONG Key = KeyOf(Irp);

  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL && DeviceObject->CurrentIrp == Irp);
  EXPECT(++Extension->Depth == 1);
  Extension->Order[Extension->Started++] = Key;
  if (Extension->Started > 1) {
    Irp->IoStatus.Status = STATUS_SUCCESS;
    Irp->IoStatus.Information = Key;
    IoStartNextPacketByKey(DeviceObject, FALSE, Key);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
  }
  --Extension->Depth;
}

_Use_decl_annotations_ NTSTATUS PacketsWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  ++((PDEVICE_EXTENSION)DeviceObject->DeviceExtension)->Parts;
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

/* Done when both of its parts are, which are writes to the same device. */
_Use_decl_annotations_ NTSTATUS PacketsFlush(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIRP Parts[2];

  Parts[0] = IoMakeAssociatedIrp(Irp, DeviceObject->StackSize);
  Parts[1] = IoMakeAssociatedIrp(Irp, DeviceObject->StackSize);
  if (Parts[0] == NULL || Parts[1] == NULL) {
    if (Parts[0] != NULL) IoFreeIrp(Parts[0]);
    if (Parts[1] != NULL) IoFreeIrp(Parts[1]);
    Irp->IoStatus.Status = STATUS_INSUFFICIENT_RESOURCES;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  IoMarkIrpPending(Irp);
  Irp->AssociatedIrp.IrpCount = 2;
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = 2;
  for (ULONG Index = 0; Index < 2; ++Index) {
    IoGetNextIrpStackLocation(Parts[Index])->MajorFunction = IRP_MJ_WRITE;
    IoCallDriver(DeviceObject, Parts[Index]);
  }
  return STATUS_PENDING;
}

_Use_decl_annotations_ NTSTATUS KeepIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS Send(PDEVICE_OBJECT Device, PIRP Irp, UCHAR MajorFunction, ULONG Key,
                     PKEVENT Done) {
  PIO_STACK_LOCATION Next = IoGetNextIrpStackLocation(Irp);

  KeInitializeEvent(Done, NotificationEvent, FALSE);
  Next->MajorFunction = MajorFunction;
  Next->Parameters.Read.Key = Key;
  IoSetCompletionRoutine(Irp, KeepIrp, Done, TRUE, TRUE, TRUE);
  return IoCallDriver(Device, Irp);
}

static VOID CheckOrder(PDEVICE_OBJECT Device) {
  static const ULONG Keys[PACKETS] = {20, 40, 10, 30}, Wanted[PACKETS] = {20, 30, 40, 10};
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  PIRP Irps[PACKETS] = {NULL, NULL, NULL, NULL}, First;
  KEVENT Done[PACKETS];
  BOOLEAN Made = TRUE;
  KIRQL OldIrql;

  for (ULONG Index = 0; Index < PACKETS; ++Index) {
    Irps[Index] = IoAllocateIrp(Device->StackSize, FALSE);
    Made &= EXPECT(Irps[Index] != NULL);
  }
  if (Made) {
    for (ULONG Index = 0; Index < PACKETS; ++Index) {
      EXPECT(Send(Device, Irps[Index], IRP_MJ_READ, Keys[Index], &Done[Index]) == STATUS_PENDING);
    }
    EXPECT(Extension->Started == 1);
    First = Device->CurrentIrp;
    EXPECT(First == Irps[0]);
    KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
    IoStartNextPacketByKey(Device, FALSE, Keys[0]);
    KeLowerIrql(OldIrql);
    First->IoStatus.Status = STATUS_SUCCESS;
    First->IoStatus.Information = Keys[0];
    IoCompleteRequest(First, IO_NO_INCREMENT);
    for (ULONG Index = 0; Index < PACKETS; ++Index) {
      EXPECT(WaitFor(&Done[Index], 60000) == STATUS_SUCCESS);
      EXPECT(Irps[Index]->IoStatus.Information == Keys[Index]);
      EXPECT(Extension->Order[Index] == Wanted[Index]);
    }
    EXPECT(Device->CurrentIrp == NULL);
  }
  for (ULONG Index = 0; Index < PACKETS; ++Index) {
    if (Irps[Index] != NULL) IoFreeIrp(Irps[Index]);
  }
}

static VOID CheckParts(PDEVICE_OBJECT Device) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  PIRP Irp = IoAllocateIrp(Device->StackSize, FALSE);
  KEVENT Done;

  if (!EXPECT(Irp != NULL)) return;
  Irp->Tail.Overlay.Thread = PsGetCurrentThread(); /* whose the parts are */
  EXPECT(Send(Device, Irp, IRP_MJ_FLUSH_BUFFERS, 0, &Done) == STATUS_PENDING);
  EXPECT(WaitFor(&Done, 60000) == STATUS_SUCCESS && Extension->Parts == 2);
  EXPECT(Irp->IoStatus.Information == 2);
  IoFreeIrp(Irp);
}

_Use_decl_annotations_ VOID PacketsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = PacketsUnload;
  DriverObject->DriverStartIo = PacketsStartIo;
  DriverObject->MajorFunction[IRP_MJ_READ] = PacketsRead;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = PacketsWrite;
  DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = PacketsFlush;
  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), NULL, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  IoSetStartIoAttributes(DeviceObject, TRUE, TRUE);
  CheckOrder(DeviceObject);
  CheckParts(DeviceObject);
  Status = ExpectationsStatus();
  if (!NT_SUCCESS(Status)) IoDeleteDevice(DeviceObject);
  return Status;
}
