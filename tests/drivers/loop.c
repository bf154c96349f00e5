/* A loopback device: what is written can be read. A read of an empty one waits, in a cancel-safe
   queue, for a write. */
#define POOL_NX_OPTIN 1
#include <ntddk.h>

#include "loop.h"

#define LOOP_TAG 'pooL'

typedef struct _DEVICE_EXTENSION {
  IO_CSQ Queue;
  LIST_ENTRY Readers;
  KSPIN_LOCK Lock; /* of the queue and of all that follows */
  PUCHAR Ring;
  ULONG First;
  ULONG Count;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD LoopUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH LoopCreateClose;
_Dispatch_type_(IRP_MJ_CLEANUP) DRIVER_DISPATCH LoopCleanup;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH LoopRead;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH LoopWrite;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH LoopDeviceControl;
IO_CSQ_INSERT_IRP LoopInsert;
IO_CSQ_REMOVE_IRP LoopRemove;
IO_CSQ_PEEK_NEXT_IRP LoopPeek;
IO_CSQ_ACQUIRE_LOCK LoopAcquire;
IO_CSQ_RELEASE_LOCK LoopRelease;
IO_CSQ_COMPLETE_CANCELED_IRP LoopCompleteCancelled;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, LoopUnload)
#pragma alloc_text(PAGE, LoopCreateClose)
#endif

static PDEVICE_EXTENSION ExtensionOf(PIO_CSQ Queue) {
  return CONTAINING_RECORD(Queue, DEVICE_EXTENSION, Queue);
}

_Use_decl_annotations_ VOID LoopInsert(PIO_CSQ Csq, PIRP Irp) {
  InsertTailList(&ExtensionOf(Csq)->Readers, &Irp->Tail.Overlay.ListEntry);
}

_Use_decl_annotations_ VOID LoopRemove(PIO_CSQ Csq, PIRP Irp) {
  UNREFERENCED_PARAMETER(Csq);
  RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/* PeekContext is the file whose requests are wanted; NULL: anybody's. */
_Use_decl_annotations_ PIRP LoopPeek(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext) {
  PLIST_ENTRY Head = &ExtensionOf(Csq)->Readers;
  PLIST_ENTRY Entry = Irp == NULL ? Head->Flink : Irp->Tail.Overlay.ListEntry.Flink;

  for (; Entry != Head; Entry = Entry->Flink) {
    PIRP Next = CONTAINING_RECORD(Entry, IRP, Tail.Overlay.ListEntry);

    if (PeekContext == NULL || IoGetCurrentIrpStackLocation(Next)->FileObject == PeekContext)
      return Next;
  }
  return NULL;
}

_Use_decl_annotations_ VOID LoopAcquire(PIO_CSQ Csq, PKIRQL Irql) {
  KeAcquireSpinLock(&ExtensionOf(Csq)->Lock, Irql);
}

_Use_decl_annotations_ VOID LoopRelease(PIO_CSQ Csq, KIRQL Irql) {
  KeReleaseSpinLock(&ExtensionOf(Csq)->Lock, Irql);
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, NT_SUCCESS(Status) ? IO_NAMED_PIPE_INCREMENT : IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ VOID LoopCompleteCancelled(PIO_CSQ Csq, PIRP Irp) {
  UNREFERENCED_PARAMETER(Csq);
  Complete(Irp, STATUS_CANCELLED, 0);
}

/* The memory that a direct request describes; NULL for none of any length. */
static PUCHAR MemoryOf(PIRP Irp) {
  if (Irp->MdlAddress == NULL) return NULL;
  return MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
}

static ULONG Take(PDEVICE_EXTENSION Extension, PUCHAR To, ULONG Most) {
  ULONG Taken;
  KIRQL OldIrql;

  KeAcquireSpinLock(&Extension->Lock, &OldIrql);
  Taken = min(Most, Extension->Count);
  for (ULONG I = 0; I < Taken; ++I) To[I] = Extension->Ring[(Extension->First + I) % LOOP_CAPACITY];
  Extension->First = (Extension->First + Taken) % LOOP_CAPACITY;
  Extension->Count -= Taken;
  KeReleaseSpinLock(&Extension->Lock, OldIrql);
  return Taken;
}

static ULONG Put(PDEVICE_EXTENSION Extension, const UCHAR* From, ULONG Most) {
  ULONG Room;
  KIRQL OldIrql;

  KeAcquireSpinLock(&Extension->Lock, &OldIrql);
  Room = min(Most, LOOP_CAPACITY - Extension->Count);
  for (ULONG I = 0; I < Room; ++I)
    Extension->Ring[(Extension->First + Extension->Count + I) % LOOP_CAPACITY] = From[I];
  Extension->Count += Room;
  KeReleaseSpinLock(&Extension->Lock, OldIrql);
  return Room;
}

static BOOLEAN IsEmpty(PDEVICE_EXTENSION Extension) {
  return *(volatile ULONG*)&Extension->Count == 0;
}

/* Readers get what there is, the first one first. */
static VOID Serve(PDEVICE_EXTENSION Extension) {
  while (!IsEmpty(Extension)) {
    PIRP Reader = IoCsqRemoveNextIrp(&Extension->Queue, NULL);
    PUCHAR To;
    ULONG Taken;

    if (Reader == NULL) return;
    To = MemoryOf(Reader);
    if (To == NULL) {
      Complete(Reader, STATUS_INSUFFICIENT_RESOURCES, 0);
      continue;
    }
    Taken = Take(Extension, To, IoGetCurrentIrpStackLocation(Reader)->Parameters.Read.Length);
    if (Taken != 0)
      Complete(Reader, STATUS_SUCCESS, Taken);
    else /* somebody else was faster */
      IoCsqInsertIrp(&Extension->Queue, Reader, NULL);
  }
}

_Use_decl_annotations_ NTSTATUS LoopCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  PAGED_CODE();
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS LoopCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  PFILE_OBJECT FileObject = IoGetCurrentIrpStackLocation(Irp)->FileObject;
  PIRP Reader;

  while ((Reader = IoCsqRemoveNextIrp(&Extension->Queue, FileObject)) != NULL)
    Complete(Reader, STATUS_CANCELLED, 0);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS LoopRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;

  if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length == 0)
    return Complete(Irp, STATUS_SUCCESS, 0);
  IoCsqInsertIrp(&Extension->Queue, Irp, NULL); /* which marks it pending */
  Serve(Extension);
  return STATUS_PENDING;
}

_Use_decl_annotations_ NTSTATUS LoopWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length, Written;
  PUCHAR From;

  if (Length == 0) return Complete(Irp, STATUS_SUCCESS, 0);
  From = MemoryOf(Irp);
  if (From == NULL) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
  Written = Put(Extension, From, Length);
  Serve(Extension);
  if (Written == 0) return Complete(Irp, STATUS_DEVICE_BUSY, 0);
  return Complete(Irp, STATUS_SUCCESS, Written);
}

_Use_decl_annotations_ NTSTATUS LoopDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

  if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_LOOP_WAITING)
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
  if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG))
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  *(PULONG)Irp->AssociatedIrp.SystemBuffer = Extension->Count;
  return Complete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}

_Use_decl_annotations_ VOID LoopUnload(PDRIVER_OBJECT DriverObject) {
  PDEVICE_EXTENSION Extension = DriverObject->DeviceObject->DeviceExtension;

  PAGED_CODE();
  ExFreePoolWithTag(Extension->Ring, LOOP_TAG);
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\Loop");
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  Extension = DeviceObject->DeviceExtension;
  Extension->Ring = ExAllocatePoolWithTag(NonPagedPool, LOOP_CAPACITY, LOOP_TAG);
  if (Extension->Ring == NULL) {
    IoDeleteDevice(DeviceObject);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  InitializeListHead(&Extension->Readers);
  KeInitializeSpinLock(&Extension->Lock);
  IoCsqInitialize(&Extension->Queue, LoopInsert, LoopRemove, LoopPeek, LoopAcquire, LoopRelease,
                  LoopCompleteCancelled);
  DriverObject->MajorFunction[IRP_MJ_CREATE] = LoopCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = LoopCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLEANUP] = LoopCleanup;
  DriverObject->MajorFunction[IRP_MJ_READ] = LoopRead;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = LoopWrite;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = LoopDeviceControl;
  DriverObject->DriverUnload = LoopUnload;
  DeviceObject->Flags |= DO_DIRECT_IO;
  return STATUS_SUCCESS;
}
