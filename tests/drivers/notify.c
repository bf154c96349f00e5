/* Who registers an event is notified by it when the time comes; each registration has a timer and a
   DPC of its own. */
#include <ntddk.h>

#include "notify.h"

#define NOTIFY_TAG 'yfiN'

typedef struct _NOTIFICATION {
  LIST_ENTRY ListEntry;
  PKEVENT Event;
  KTIMER Timer;
  KDPC Dpc;
} NOTIFICATION, *PNOTIFICATION;

typedef struct _DEVICE_EXTENSION {
  KSPIN_LOCK Lock;
  LIST_ENTRY Notifications;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD NotifyUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH NotifyCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH NotifyDeviceControl;
KDEFERRED_ROUTINE NotifyDpc;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, NotifyUnload)
#endif

static VOID FreeNotification(_In_ __drv_freesMem(Mem) PNOTIFICATION Notification) {
  ObDereferenceObject(Notification->Event);
  ExFreePoolWithTag(Notification, NOTIFY_TAG);
}

_Use_decl_annotations_ VOID NotifyDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                      PVOID SystemArgument2) {
  PDEVICE_EXTENSION Extension = DeferredContext;
  PNOTIFICATION Notification = CONTAINING_RECORD(Dpc, NOTIFICATION, Dpc);

  UNREFERENCED_PARAMETER(SystemArgument1);
  UNREFERENCED_PARAMETER(SystemArgument2);
  KeAcquireSpinLockAtDpcLevel(&Extension->Lock);
  RemoveEntryList(&Notification->ListEntry);
  KeReleaseSpinLockFromDpcLevel(&Extension->Lock);
  KeSetEvent(Notification->Event, EVENT_INCREMENT, FALSE);
  FreeNotification(Notification);
}

_IRQL_requires_(PASSIVE_LEVEL) _Must_inspect_result_ static NTSTATUS
    RegisterEvent(_Inout_ PDEVICE_EXTENSION Extension, _In_ PREGISTER_EVENT Request) {
  PNOTIFICATION Notification;
  NTSTATUS Status;
  KIRQL OldIrql;

  Notification = ExAllocatePoolZero(NonPagedPoolNx, sizeof(NOTIFICATION), NOTIFY_TAG);
  if (Notification == NULL) return STATUS_INSUFFICIENT_RESOURCES;
  Status =
      ObReferenceObjectByHandle(Request->Event, SYNCHRONIZE | EVENT_MODIFY_STATE,
                                *ExEventObjectType, KernelMode, (PVOID*)&Notification->Event, NULL);
  if (!NT_SUCCESS(Status)) {
    ExFreePoolWithTag(Notification, NOTIFY_TAG);
    return Status;
  }
  KeInitializeTimer(&Notification->Timer);
  KeInitializeDpc(&Notification->Dpc, NotifyDpc, Extension);
  KeAcquireSpinLock(&Extension->Lock, &OldIrql);
  InsertTailList(&Extension->Notifications, &Notification->ListEntry);
  KeSetTimer(&Notification->Timer, Request->DueTime, &Notification->Dpc);
  KeReleaseSpinLock(&Extension->Lock, OldIrql);
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS NotifyCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS NotifyDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  NTSTATUS Status;

  if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_REGISTER_EVENT)
    Status = STATUS_INVALID_DEVICE_REQUEST;
  else if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(REGISTER_EVENT))
    Status = STATUS_INVALID_PARAMETER;
  else
    Status = RegisterEvent(DeviceObject->DeviceExtension, Irp->AssociatedIrp.SystemBuffer);
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

/* Timers that are still set are taken back; a DPC that is on its way frees its notification. */
_Use_decl_annotations_ VOID NotifyUnload(PDRIVER_OBJECT DriverObject) {
  PDEVICE_EXTENSION Extension = DriverObject->DeviceObject->DeviceExtension;
  LIST_ENTRY Cancelled;
  PLIST_ENTRY Entry, Next;
  KIRQL OldIrql;

  PAGED_CODE();
  InitializeListHead(&Cancelled);
  KeAcquireSpinLock(&Extension->Lock, &OldIrql);
  for (Entry = Extension->Notifications.Flink; Entry != &Extension->Notifications; Entry = Next) {
    Next = Entry->Flink;
    if (KeCancelTimer(&CONTAINING_RECORD(Entry, NOTIFICATION, ListEntry)->Timer)) {
      RemoveEntryList(Entry);
      InsertTailList(&Cancelled, Entry);
    }
  }
  KeReleaseSpinLock(&Extension->Lock, OldIrql);
  while (!IsListEmpty(&Cancelled))
    FreeNotification(CONTAINING_RECORD(RemoveHeadList(&Cancelled), NOTIFICATION, ListEntry));
  KeFlushQueuedDpcs();
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  DECLARE_CONST_UNICODE_STRING(DeviceName, L"\\Device\\Notify");
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), (PUNICODE_STRING)&DeviceName,
                          FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = NotifyCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = NotifyCreateClose;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = NotifyDeviceControl;
  DriverObject->DriverUnload = NotifyUnload;
  Extension = DeviceObject->DeviceExtension;
  KeInitializeSpinLock(&Extension->Lock);
  InitializeListHead(&Extension->Notifications);
  return STATUS_SUCCESS;
}
