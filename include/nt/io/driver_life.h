// Later in a driver's life: initialising again, what is kept with its object, shutdown.
#pragma once

#include <nt/io/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef VOID(NTAPI DRIVER_REINITIALIZE)(PDRIVER_OBJECT DriverObject, PVOID Context, ULONG Count);
typedef DRIVER_REINITIALIZE* PDRIVER_REINITIALIZE;

// The routine is called once, when the driver's entry routine has succeeded, those of boot drivers
// before the others; Count says how often one of the driver has been called, this call included.
// The routine may register itself again: it is called again, after those that wait. Who registers
// later than that is not called. Without memory nothing happens. IRQL PASSIVE_LEVEL.
//                     [MSDN IoRegisterDriverReinitialization, IoRegisterBootDriverReinitialization]
VOID NTAPI IoRegisterDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                            PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                            PVOID Context);
VOID NTAPI IoRegisterBootDriverReinitialization(PDRIVER_OBJECT DriverObject,
                                                PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                PVOID Context);

// Zeroed memory that lives as long as the driver object, by an address that is its name.
// STATUS_OBJECT_NAME_COLLISION: there is one of that name; STATUS_INSUFFICIENT_RESOURCES. Get: null
// if there is none. IRQL <= DISPATCH_LEVEL.
//                               [MSDN IoAllocateDriverObjectExtension, IoGetDriverObjectExtension]
NTSTATUS NTAPI IoAllocateDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                               PVOID ClientIdentificationAddress,
                                               ULONG DriverObjectExtensionSize,
                                               PVOID* DriverObjectExtension);
PVOID NTAPI IoGetDriverObjectExtension(PDRIVER_OBJECT DriverObject,
                                       PVOID ClientIdentificationAddress);

// The top of the device's stack gets IRP_MJ_SHUTDOWN once when the System shuts down, those that
// registered last first; last chance comes after all others. STATUS_INSUFFICIENT_RESOURCES.
// Unregister takes back all that the device registered, as deleting the device does. IRQL
// PASSIVE_LEVEL.    [MSDN IoRegisterShutdownNotification, IoRegisterLastChanceShutdownNotification,
//                     IoUnregisterShutdownNotification]
NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject);
NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject);
VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject);

#ifdef __cplusplus
}
#endif
