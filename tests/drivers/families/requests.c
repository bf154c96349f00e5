/* Requests that a driver makes and sends to its own device, where they wait in a queue. */
#define FAMILY "requests"
#include "expect.h"

#define REQUESTS_TAG 'qeRF'

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD RequestsUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE)
    _Dispatch_type_(IRP_MJ_SHUTDOWN) DRIVER_DISPATCH RequestsSucceed;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH RequestsWrite;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH RequestsRead;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH RequestsControl;
IO_COMPLETION_ROUTINE KeepIrp;
IO_COMPLETION_ROUTINE FreeIrpAndBuffer;
IO_CSQ_INSERT_IRP_EX InsertIrp;
IO_CSQ_REMOVE_IRP RemoveIrp;
IO_CSQ_PEEK_NEXT_IRP PeekIrp;
IO_CSQ_COMPLETE_CANCELED_IRP CancelIrp;
_IRQL_raises_(DISPATCH_LEVEL) IO_CSQ_ACQUIRE_LOCK AcquireQueue;
_IRQL_requires_(DISPATCH_LEVEL) IO_CSQ_RELEASE_LOCK ReleaseQueue;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, RequestsUnload)
#endif

#define IOCTL_REQUESTS_WHO CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)

/* Reads wait in the queue, at most two of them. */
typedef struct _DEVICE_EXTENSION {
  IO_CSQ Queue;
  LIST_ENTRY Waiting;
  KSPIN_LOCK Lock;
  ULONG Waits;
  ULONG Written;
  IO_CSQ_IRP_CONTEXT First; /* names the first that was queued */
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

static UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\MicaFamilyRequests");

static PDEVICE_EXTENSION ExtensionOf(PIO_CSQ Csq) {
  return CONTAINING_RECORD(Csq, DEVICE_EXTENSION, Queue);
}

_Use_decl_annotations_ NTSTATUS InsertIrp(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext) {
  PDEVICE_EXTENSION Extension = ExtensionOf(Csq);

  EXPECT(InsertContext == Extension);
  if (Extension->Waits == 2) return STATUS_DEVICE_BUSY;
  ++Extension->Waits;
  InsertTailList(&Extension->Waiting, &Irp->Tail.Overlay.ListEntry);
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID RemoveIrp(PIO_CSQ Csq, PIRP Irp) {
  --ExtensionOf(Csq)->Waits;
  RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

_Use_decl_annotations_ PIRP PeekIrp(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext) {
  PLIST_ENTRY Head = &ExtensionOf(Csq)->Waiting;
  PLIST_ENTRY Entry = Irp == NULL ? Head->Flink : Irp->Tail.Overlay.ListEntry.Flink;

  UNREFERENCED_PARAMETER(PeekContext);
  return Entry == Head ? NULL : CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);
}

_Use_decl_annotations_ VOID AcquireQueue(PIO_CSQ Csq, PKIRQL Irql) {
  KeAcquireSpinLock(&ExtensionOf(Csq)->Lock, Irql);
}

_Use_decl_annotations_ VOID ReleaseQueue(PIO_CSQ Csq, KIRQL Irql) {
  KeReleaseSpinLock(&ExtensionOf(Csq)->Lock, Irql);
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IofCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ VOID CancelIrp(PIO_CSQ Csq, PIRP Irp) {
  UNREFERENCED_PARAMETER(Csq);
  Complete(Irp, STATUS_CANCELLED, 0);
}

_Use_decl_annotations_ NTSTATUS RequestsSucceed(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS RequestsWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

  ((PDEVICE_EXTENSION)DeviceObject->DeviceExtension)->Written += Length;
  return Complete(Irp, STATUS_SUCCESS, Length);
}

_Use_decl_annotations_ NTSTATUS RequestsRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  NTSTATUS Status = IoCsqInsertIrpEx(&Extension->Queue, Irp,
                                     Extension->Waits == 0 ? &Extension->First : NULL, Extension);

  return NT_SUCCESS(Status) ? STATUS_PENDING : Complete(Irp, Status, 0);
}

_Use_decl_annotations_ NTSTATUS RequestsControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  if (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode !=
      IOCTL_REQUESTS_WHO) {
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
  }
  EXPECT(IoGetRequestorProcess(Irp) == PsGetCurrentProcess() && !IoIs32bitProcess(Irp));
  *(PULONG)Irp->AssociatedIrp.SystemBuffer = IoGetRequestorProcessId(Irp);
  return Complete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}

_Use_decl_annotations_ NTSTATUS KeepIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeSetEvent(Context, IO_NO_INCREMENT, FALSE);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_ NTSTATUS FreeIrpAndBuffer(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                                 PVOID Context) {
  if (Irp->AssociatedIrp.SystemBuffer != NULL && (Irp->Flags & IRP_DEALLOCATE_BUFFER) != 0) {
    ExFreePool(Irp->AssociatedIrp.SystemBuffer);
  }
  IoFreeIrp(Irp);
  return KeepIrp(DeviceObject, NULL, Context);
}

static VOID CheckBuilt(PDEVICE_OBJECT Device) {
  IO_STATUS_BLOCK Result;
  LARGE_INTEGER Offset = {{0, 0}};
  UCHAR Data[16] = {0};
  KEVENT Done;
  ULONG Who = 0;
  PIRP Irp;

  KeInitializeEvent(&Done, NotificationEvent, FALSE);
  Irp = IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, Device, Data, 8, &Offset, &Done, &Result);
  if (EXPECT(Irp != NULL)) {
    EXPECT(IofCallDriver(Device, Irp) == STATUS_SUCCESS);
    EXPECT(WaitFor(&Done, 60000) == STATUS_SUCCESS && Result.Information == 8);
  }
  KeClearEvent(&Done);
  Irp = IoBuildDeviceIoControlRequest(IOCTL_REQUESTS_WHO, Device, NULL, 0, &Who, sizeof(Who), FALSE,
                                      &Done, &Result);
  if (EXPECT(Irp != NULL)) {
    EXPECT(IoCallDriver(Device, Irp) == STATUS_SUCCESS);
    EXPECT(WaitFor(&Done, 60000) == STATUS_SUCCESS && Result.Information == sizeof(Who));
    EXPECT(Who == HandleToULong(PsGetCurrentProcessId()));
  }
  KeClearEvent(&Done);
  Irp = IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, Device, Data, 5, &Offset, NULL);
  if (EXPECT(Irp != NULL)) {
    IoSetCompletionRoutine(Irp, FreeIrpAndBuffer, &Done, TRUE, TRUE, TRUE);
    EXPECT(IoCallDriver(Device, Irp) == STATUS_SUCCESS);
    EXPECT(WaitFor(&Done, 60000) == STATUS_SUCCESS);
  }
  EXPECT(((PDEVICE_EXTENSION)Device->DeviceExtension)->Written == 13);
}

static NTSTATUS SendRead(PDEVICE_OBJECT Device, PIRP Irp, PKEVENT Done) {
  IoGetNextIrpStackLocation(Irp)->MajorFunction = IRP_MJ_READ;
  IoSetCompletionRoutine(Irp, KeepIrp, Done, TRUE, TRUE, TRUE);
  return IoCallDriver(Device, Irp);
}

/* Three reads, of which two find room; one is cancelled, one is taken out by its name. */
static VOID CheckQueued(PDEVICE_OBJECT Device) {
  PDEVICE_EXTENSION Extension = Device->DeviceExtension;
  USHORT Size = IoSizeOfIrp(Device->StackSize);
  PIRP First = IoAllocateIrp(Device->StackSize, FALSE);
  PIRP Second = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, REQUESTS_TAG);
  PIRP Third = IoAllocateIrp(Device->StackSize, FALSE), Taken;
  KEVENT Done[3];

  for (ULONG Index = 0; Index < 3; ++Index) {
    KeInitializeEvent(&Done[Index], SynchronizationEvent, FALSE);
  }
  if (EXPECT(First != NULL && Second != NULL && Third != NULL)) {
    IoInitializeIrp(Second, Size, Device->StackSize);
    EXPECT(SendRead(Device, First, &Done[0]) == STATUS_PENDING);
    EXPECT(SendRead(Device, Second, &Done[1]) == STATUS_PENDING);
    EXPECT(SendRead(Device, Third, &Done[2]) == STATUS_DEVICE_BUSY);
    EXPECT(WaitFor(&Done[2], 60000) == STATUS_SUCCESS);
    EXPECT(IoCancelIrp(Second) && WaitFor(&Done[1], 60000) == STATUS_SUCCESS);
    EXPECT(Second->IoStatus.Status == STATUS_CANCELLED && Extension->Waits == 1);
    IoReuseIrp(Third, STATUS_SUCCESS);
    EXPECT(SendRead(Device, Third, &Done[2]) == STATUS_PENDING);
    Taken = IoCsqRemoveIrp(&Extension->Queue, &Extension->First);
    EXPECT(Taken == First && IoCsqRemoveIrp(&Extension->Queue, &Extension->First) == NULL);
    if (Taken != NULL) Complete(Taken, STATUS_SUCCESS, 3);
    EXPECT(WaitFor(&Done[0], 60000) == STATUS_SUCCESS && First->IoStatus.Information == 3);
    Taken = IoCsqRemoveNextIrp(&Extension->Queue, NULL);
    EXPECT(Taken == Third && Extension->Waits == 0);
    if (Taken != NULL) Complete(Taken, STATUS_END_OF_FILE, 0);
    EXPECT(WaitFor(&Done[2], 60000) == STATUS_SUCCESS);
  }
  if (First != NULL) IoFreeIrp(First);
  if (Second != NULL) ExFreePoolWithTag(Second, REQUESTS_TAG);
  if (Third != NULL) IoFreeIrp(Third);
}

static VOID CheckDeviceByFile(VOID) {
  PFILE_OBJECT File;
  PDEVICE_OBJECT Device, Top;
  KIRQL OldIrql;

  if (!EXPECT(NT_SUCCESS(IoGetDeviceObjectPointer(&DeviceName, FILE_READ_DATA, &File, &Device)))) {
    return;
  }
  EXPECT(IoGetRelatedDeviceObject(File) == Device && IoGetAttachedDevice(Device) == Device);
  EXPECT(ObGetObjectType(Device) == *IoDeviceObjectType);
  EXPECT(ObGetObjectType(Device->DriverObject) == *IoDriverObjectType);
  Top = IoGetAttachedDeviceReference(Device);
  EXPECT(Top == Device);
  ObDereferenceObject(Top);
  IoAcquireVpbSpinLock(&OldIrql);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL);
  IoReleaseVpbSpinLock(OldIrql);
  CheckBuilt(Device);
  CheckQueued(Device);
  ObDereferenceObject(File);
}

_Use_decl_annotations_ VOID RequestsUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  PDEVICE_OBJECT DeviceObject;
  PDEVICE_EXTENSION Extension;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = RequestsUnload;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = RequestsSucceed;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = RequestsSucceed;
  DriverObject->MajorFunction[IRP_MJ_READ] = RequestsRead;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = RequestsWrite;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = RequestsControl;
  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  Extension = DeviceObject->DeviceExtension;
  InitializeListHead(&Extension->Waiting);
  KeInitializeSpinLock(&Extension->Lock);
  IoCsqInitializeEx(&Extension->Queue, InsertIrp, RemoveIrp, PeekIrp, AcquireQueue, ReleaseQueue,
                    CancelIrp);
  DeviceObject->Flags |= DO_BUFFERED_IO;
  DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
  CheckDeviceByFile();
  Status = ExpectationsStatus();
  if (!NT_SUCCESS(Status)) IoDeleteDevice(DeviceObject);
  return Status;
}
