// Drivers are told of what plug and play does.      [MSDN "Using PnP Notification"]
//   A callback is called at PASSIVE_LEVEL in a system thread, one after the other; the GUIDs of
//   what happened are in wdmguid.h.
#pragma once

#include <nt/io/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum _IO_NOTIFICATION_EVENT_CATEGORY {
  EventCategoryReserved,
  EventCategoryHardwareProfileChange,
  EventCategoryDeviceInterfaceChange,
  EventCategoryTargetDeviceChange,
  EventCategoryKernelSoftRestart
} IO_NOTIFICATION_EVENT_CATEGORY;

#define PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES 0x00000001

// How all of them begin.
typedef struct _PLUGPLAY_NOTIFICATION_HEADER {
  USHORT Version;  // 1
  USHORT Size;
  GUID Event;
} PLUGPLAY_NOTIFICATION_HEADER, *PPLUGPLAY_NOTIFICATION_HEADER;

typedef struct _HWPROFILE_CHANGE_NOTIFICATION {
  USHORT Version;
  USHORT Size;
  GUID Event;
} HWPROFILE_CHANGE_NOTIFICATION, *PHWPROFILE_CHANGE_NOTIFICATION;

typedef struct _DEVICE_INTERFACE_CHANGE_NOTIFICATION {
  USHORT Version;
  USHORT Size;
  GUID Event;
  GUID InterfaceClassGuid;
  PUNICODE_STRING SymbolicLinkName;
} DEVICE_INTERFACE_CHANGE_NOTIFICATION, *PDEVICE_INTERFACE_CHANGE_NOTIFICATION;

typedef struct _TARGET_DEVICE_REMOVAL_NOTIFICATION {
  USHORT Version;
  USHORT Size;
  GUID Event;
  PFILE_OBJECT FileObject;  // that was given to IoRegisterPlugPlayNotification
} TARGET_DEVICE_REMOVAL_NOTIFICATION, *PTARGET_DEVICE_REMOVAL_NOTIFICATION;

typedef struct _TARGET_DEVICE_CUSTOM_NOTIFICATION {
  USHORT Version;
  USHORT Size;  // with the data
  GUID Event;
  PFILE_OBJECT FileObject;  // NULL for who reports
  LONG NameBufferOffset;    // -1: there is no text
  UCHAR CustomDataBuffer[1];
} TARGET_DEVICE_CUSTOM_NOTIFICATION, *PTARGET_DEVICE_CUSTOM_NOTIFICATION;

// What it returns matters for GUID_TARGET_DEVICE_QUERY_REMOVE: an error keeps the device.
typedef NTSTATUS(NTAPI DRIVER_NOTIFICATION_CALLBACK_ROUTINE)(PVOID NotificationStructure,
                                                             PVOID Context);
typedef DRIVER_NOTIFICATION_CALLBACK_ROUTINE* PDRIVER_NOTIFICATION_CALLBACK_ROUTINE;

typedef VOID(NTAPI DEVICE_CHANGE_COMPLETE_CALLBACK)(PVOID Context);
typedef DEVICE_CHANGE_COMPLETE_CALLBACK* PDEVICE_CHANGE_COMPLETE_CALLBACK;

// EventCategoryData: the GUID of an interface class; the file object, open on the device; NULL for
// hardware profiles, of which there is one, that does not change. With
// PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES the arrival of interfaces that are enabled
// is told too, before this returns. IRQL PASSIVE_LEVEL.
//   STATUS_INVALID_PARAMETER: another category, or no data where some must be;
//   STATUS_INVALID_DEVICE_REQUEST: the file is not on a device that was plugged in;
//   STATUS_INSUFFICIENT_RESOURCES.                           [MSDN IoRegisterPlugPlayNotification]
NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
                                              ULONG EventCategoryFlags, PVOID EventCategoryData,
                                              PDRIVER_OBJECT DriverObject,
                                              PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine,
                                              PVOID Context, PVOID* NotificationEntry);

// No call begins any more; one that runs may run still. IRQL PASSIVE_LEVEL.
//                                                          [MSDN IoUnregisterPlugPlayNotification]
NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID NotificationEntry);
// The same, and waits for a call that runs; from the callback itself it does not wait.
//                                                        [MSDN IoUnregisterPlugPlayNotificationEx]
NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry);

// NotificationStructure: a TARGET_DEVICE_CUSTOM_NOTIFICATION, which those are given who registered
// for the device. The first returns when they have been called, and must not be called by a routine
// that plug and play calls: IRQL PASSIVE_LEVEL. The second copies the structure and does not wait;
// Callback, if any, is called afterwards: IRQL <= DISPATCH_LEVEL. A device that is no physical one
// is bugcheck PNP_DETECTED_FATAL_ERROR.
//   STATUS_INVALID_DEVICE_REQUEST: the event is one of plug and play's own, or the device is not
//   there any more; STATUS_INVALID_PARAMETER: the version is not 1, or the size too small;
//   STATUS_INSUFFICIENT_RESOURCES.
//                  [MSDN IoReportTargetDeviceChange, IoReportTargetDeviceChangeAsynchronous]
NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject,
                                          PVOID NotificationStructure);
NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject,
                                                      PVOID NotificationStructure,
                                                      PDEVICE_CHANGE_COMPLETE_CALLBACK Callback,
                                                      PVOID Context);

#ifdef __cplusplus
}
#endif
