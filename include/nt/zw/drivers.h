// Drivers that are loaded and unloaded while the System runs.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Values of a service's key: Type...                                              [MSDN ntddk.h]
#define SERVICE_KERNEL_DRIVER 0x00000001
#define SERVICE_FILE_SYSTEM_DRIVER 0x00000002
#define SERVICE_ADAPTER 0x00000004
#define SERVICE_RECOGNIZER_DRIVER 0x00000008
#define SERVICE_DRIVER \
  (SERVICE_KERNEL_DRIVER | SERVICE_FILE_SYSTEM_DRIVER | SERVICE_RECOGNIZER_DRIVER)
// ...Start...
#define SERVICE_BOOT_START 0x00000000
#define SERVICE_SYSTEM_START 0x00000001
#define SERVICE_AUTO_START 0x00000002
#define SERVICE_DEMAND_START 0x00000003
#define SERVICE_DISABLED 0x00000004
// ...and ErrorControl.
#define SERVICE_ERROR_IGNORE 0x00000000
#define SERVICE_ERROR_NORMAL 0x00000001
#define SERVICE_ERROR_SEVERE 0x00000002
#define SERVICE_ERROR_CRITICAL 0x00000003

// Loads the driver whose service's key is DriverServiceName, below
// \Registry\Machine\System\CurrentControlSet\Services, and calls its DriverEntry: the image is the
// RAM disk's file NAME.sys, which stands for \SystemRoot\System32\drivers\NAME.sys. What
// DriverEntry returned, or why it was not called. IRQL PASSIVE_LEVEL.
//   STATUS_OBJECT_NAME_NOT_FOUND: there is no such service, or no such file.
//   STATUS_IMAGE_ALREADY_LOADED: the driver is there.
//   STATUS_INVALID_IMAGE_FORMAT and others: it is no image that can be loaded; the debugger is told
//   why.                                                                     [MSDN ZwLoadDriver]
NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING DriverServiceName);

// Calls the driver's DriverUnload and lets it go: now, or when no file is open on its devices any
// more. IRQL PASSIVE_LEVEL.
//   STATUS_OBJECT_NAME_NOT_FOUND: there is no such driver.
//   STATUS_INVALID_DEVICE_REQUEST: it has no such routine, or was asked to unload before.
//                                                                          [MSDN ZwUnloadDriver]
NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING DriverServiceName);

#ifdef __cplusplus
}
#endif
