/* Is told of cards that come and go, opens each, and lets go of it when it is to be removed; one
   that stays then is not opened again. */
#include <ntddk.h>

#include "tray.h"

#include <wdmguid.h>

#define WATCH_TAG 'ctaW'

/* A card that is watched. */
typedef struct _WATCHED {
  PFILE_OBJECT File;
  PVOID Entry;
} WATCHED, *PWATCHED;

/* Cards come and go one after the other, in routines that plug and play calls. */
typedef struct _DRIVER_STATE {
  PDRIVER_OBJECT Driver;
  PVOID Entry;
} DRIVER_STATE, *PDRIVER_STATE;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD WatchUnload;
DRIVER_NOTIFICATION_CALLBACK_ROUTINE WatchCards;
DRIVER_NOTIFICATION_CALLBACK_ROUTINE WatchCard;

static DRIVER_STATE State;

static VOID LetGo(PWATCHED Watched) {
  if (Watched->File == NULL) return;
  ObDereferenceObject(Watched->File);
  Watched->File = NULL;
}

_Use_decl_annotations_ NTSTATUS WatchCard(PVOID NotificationStructure, PVOID Context) {
  PTARGET_DEVICE_REMOVAL_NOTIFICATION Notification = NotificationStructure;
  PWATCHED Watched = Context;
  PAGED_CODE();
  LetGo(Watched);
  if (IsEqualGUID(&Notification->Event, &GUID_TARGET_DEVICE_QUERY_REMOVE)) {
    DbgPrint("watch: lets go\n");
  } else if (IsEqualGUID(&Notification->Event, &GUID_TARGET_DEVICE_REMOVE_COMPLETE)) {
    DbgPrint("watch: a card is gone\n");
    IoUnregisterPlugPlayNotificationEx(Watched->Entry);
    ExFreePoolWithTag(Watched, WATCH_TAG);
  }
  return STATUS_SUCCESS;
}

static VOID Watch(PUNICODE_STRING Name) {
  PDEVICE_OBJECT Device;
  PWATCHED Watched = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*Watched), WATCH_TAG);
  NTSTATUS Status;
  if (Watched == NULL) return;
  Status = IoGetDeviceObjectPointer(Name, FILE_READ_DATA, &Watched->File, &Device);
  if (NT_SUCCESS(Status)) {
    Status = IoRegisterPlugPlayNotification(EventCategoryTargetDeviceChange, 0, Watched->File,
                                            State.Driver, WatchCard, Watched, &Watched->Entry);
    if (!NT_SUCCESS(Status)) LetGo(Watched);
  }
  if (!NT_SUCCESS(Status)) ExFreePoolWithTag(Watched, WATCH_TAG);
}

_Use_decl_annotations_ NTSTATUS WatchCards(PVOID NotificationStructure, PVOID Context) {
  PDEVICE_INTERFACE_CHANGE_NOTIFICATION Notification = NotificationStructure;
  PAGED_CODE();
  UNREFERENCED_PARAMETER(Context);
  if (IsEqualGUID(&Notification->Event, &GUID_DEVICE_INTERFACE_ARRIVAL)) {
    DbgPrint("watch: %wZ came\n", Notification->SymbolicLinkName);
    Watch(Notification->SymbolicLinkName);
  } else if (IsEqualGUID(&Notification->Event, &GUID_DEVICE_INTERFACE_REMOVAL)) {
    DbgPrint("watch: %wZ went\n", Notification->SymbolicLinkName);
  }
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ VOID WatchUnload(PDRIVER_OBJECT Driver) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(Driver);
  IoUnregisterPlugPlayNotificationEx(State.Entry);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Driver->DriverUnload = WatchUnload;
  State.Driver = Driver;
  return IoRegisterPlugPlayNotification(
      EventCategoryDeviceInterfaceChange, PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES,
      (PVOID)&GUID_DEVINTERFACE_CARD, Driver, WatchCards, NULL, &State.Entry);
}
