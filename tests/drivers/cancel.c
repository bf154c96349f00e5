/* A queue of reads that are cancelled by hand: a read waits until a write brings it its data.
 * RESULT_IGNORED plants the usual mistake of such queues, for the explorer to find. */
#include <ntddk.h>

typedef struct _DEVICE_EXTENSION {
  KSPIN_LOCK QueueLock;
  LIST_ENTRY PendingReads;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD CancelUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH CancelCreateClose;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH CancelRead;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH CancelWrite;
_Dispatch_type_(IRP_MJ_CLEANUP) DRIVER_DISPATCH CancelCleanup;
DRIVER_CANCEL CancelPendingRead;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, CancelCreateClose)
#pragma alloc_text(PAGE, CancelUnload)
#endif

_IRQL_requires_max_(DISPATCH_LEVEL) static NTSTATUS
    CompleteRequest(_In_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

/* The oldest read that nobody cancels, of the file or of any, is the caller's now; NULL: none. */
_Requires_lock_held_(Extension->QueueLock) _Must_inspect_result_ static PIRP
    RemoveRead(_Inout_ PDEVICE_EXTENSION Extension, _In_opt_ PFILE_OBJECT FileObject) {
  PLIST_ENTRY Entry;

  for (Entry = Extension->PendingReads.Flink; Entry != &Extension->PendingReads;
       Entry = Entry->Flink) {
    PIRP Irp = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);

    if (FileObject != NULL && IoGetCurrentIrpStackLocation(Irp)->FileObject != FileObject) continue;
#ifdef RESULT_IGNORED
    (void)IoSetCancelRoutine(Irp, NULL);
#else
    /* Without a routine IoCancelIrp has called it: it waits for our lock, to remove the entry. */
    if (IoSetCancelRoutine(Irp, NULL) == NULL) continue;
#endif
    RemoveEntryList(Entry);
    return Irp;
  }
  return NULL;
}

_Use_decl_annotations_ VOID CancelPendingRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  KIRQL OldIrql;

  IoReleaseCancelSpinLock(Irp->CancelIrql);
  KeAcquireSpinLock(&Extension->QueueLock, &OldIrql);
  RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
  KeReleaseSpinLock(&Extension->QueueLock, OldIrql);
  CompleteRequest(Irp, STATUS_CANCELLED, 0);
}

_Use_decl_annotations_ NTSTATUS CancelCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DeviceObject);
  return CompleteRequest(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS CancelRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  KIRQL OldIrql;

  KeAcquireSpinLock(&Extension->QueueLock, &OldIrql);
  (void)IoSetCancelRoutine(Irp, CancelPendingRead);
  /* Cancelled before it had a routine. One that is gone was called: it finds the entry. */
  if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) {
    KeReleaseSpinLock(&Extension->QueueLock, OldIrql);
    return CompleteRequest(Irp, STATUS_CANCELLED, 0);
  }
  IoMarkIrpPending(Irp);
  InsertTailList(&Extension->PendingReads, &Irp->Tail.Overlay.ListEntry);
  KeReleaseSpinLock(&Extension->QueueLock, OldIrql);
  return STATUS_PENDING;
}

_Use_decl_annotations_ NTSTATUS CancelWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  ULONG Length;
  KIRQL OldIrql;
  PIRP Read;

  KeAcquireSpinLock(&Extension->QueueLock, &OldIrql);
  Read = RemoveRead(Extension, NULL);
  KeReleaseSpinLock(&Extension->QueueLock, OldIrql);
  if (Read == NULL) return CompleteRequest(Irp, STATUS_DEVICE_NOT_READY, 0);

  Length = min(Stack->Parameters.Write.Length,
               IoGetCurrentIrpStackLocation(Read)->Parameters.Read.Length);
  RtlCopyMemory(Read->AssociatedIrp.SystemBuffer, Irp->AssociatedIrp.SystemBuffer, Length);
  CompleteRequest(Read, STATUS_SUCCESS, Length);
  return CompleteRequest(Irp, STATUS_SUCCESS, Length);
}

_Use_decl_annotations_ NTSTATUS CancelCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
  KIRQL OldIrql;
  PIRP Read;

  do {
    KeAcquireSpinLock(&Extension->QueueLock, &OldIrql);
    Read = RemoveRead(Extension, FileObject);
    KeReleaseSpinLock(&Extension->QueueLock, OldIrql);
    if (Read != NULL) CompleteRequest(Read, STATUS_CANCELLED, 0);
  } while (Read != NULL);
  return CompleteRequest(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ VOID CancelUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\Cancel");
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  ExInitializeDriverRuntime(DrvRtPoolNxOptIn);

  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;

  DriverObject->MajorFunction[IRP_MJ_CREATE] = CancelCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = CancelCreateClose;
  DriverObject->MajorFunction[IRP_MJ_READ] = CancelRead;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = CancelWrite;
  DriverObject->MajorFunction[IRP_MJ_CLEANUP] = CancelCleanup;
  DriverObject->DriverUnload = CancelUnload;

  Extension = DeviceObject->DeviceExtension;
  KeInitializeSpinLock(&Extension->QueueLock);
  InitializeListHead(&Extension->PendingReads);
  DeviceObject->Flags |= DO_BUFFERED_IO;
  return STATUS_SUCCESS;
}
