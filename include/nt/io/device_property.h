// What is known of a device that was plugged in. DeviceObject is always its physical device object,
// the lowest of its stack. IRQL PASSIVE_LEVEL.
#pragma once

#include <nt/io/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

// What each is written as.                                          [MSDN DEVICE_REGISTRY_PROPERTY]
typedef enum _DEVICE_REGISTRY_PROPERTY {
  DevicePropertyDeviceDescription = 0x0,  // a string
  DevicePropertyHardwareID = 0x1,         // strings, and an empty one
  DevicePropertyCompatibleIDs = 0x2,      // the same
  DevicePropertyBootConfiguration = 0x3,  // CM_RESOURCE_LIST
  DevicePropertyBootConfigurationTranslated = 0x4,
  DevicePropertyClassName = 0x5,                 // a string
  DevicePropertyClassGuid = 0x6,                 // a string, with braces
  DevicePropertyDriverKeyName = 0x7,             // a string
  DevicePropertyManufacturer = 0x8,              // a string
  DevicePropertyFriendlyName = 0x9,              // a string
  DevicePropertyLocationInformation = 0xa,       // a string
  DevicePropertyPhysicalDeviceObjectName = 0xb,  // a string
  DevicePropertyBusTypeGuid = 0xc,               // GUID
  DevicePropertyLegacyBusType = 0xd,             // INTERFACE_TYPE
  DevicePropertyBusNumber = 0xe,                 // ULONG
  DevicePropertyEnumeratorName = 0xf,            // a string
  DevicePropertyAddress = 0x10,                  // ULONG
  DevicePropertyUINumber = 0x11,                 // ULONG
  DevicePropertyInstallState = 0x12,             // DEVICE_INSTALL_STATE
  DevicePropertyRemovalPolicy = 0x13,            // DEVICE_REMOVAL_POLICY
  DevicePropertyResourceRequirements = 0x14,     // IO_RESOURCE_REQUIREMENTS_LIST
  DevicePropertyAllocatedResources = 0x15,       // CM_RESOURCE_LIST
  DevicePropertyContainerID = 0x16               // a string
} DEVICE_REGISTRY_PROPERTY;

typedef enum _DEVICE_INSTALL_STATE {
  InstallStateInstalled,
  InstallStateNeedsReinstall,
  InstallStateFailedInstall,
  InstallStateFinishInstall
} DEVICE_INSTALL_STATE,
    *PDEVICE_INSTALL_STATE;

typedef enum _DEVICE_REMOVAL_POLICY {
  RemovalPolicyExpectNoRemoval = 1,
  RemovalPolicyExpectOrderlyRemoval = 2,
  RemovalPolicyExpectSurpriseRemoval = 3
} DEVICE_REMOVAL_POLICY,
    *PDEVICE_REMOVAL_POLICY;

// *ResultLength: how many bytes the property has. STATUS_BUFFER_TOO_SMALL; nothing is written to
// PropertyBuffer, which may be NULL if BufferLength is 0. STATUS_INVALID_PARAMETER_2: there is no
// such property; STATUS_INVALID_DEVICE_REQUEST: the device is none that was plugged in, or is not
// there any more; STATUS_OBJECT_NAME_NOT_FOUND: it has no such property.
//                                                                       [MSDN IoGetDeviceProperty]
NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject,
                                   DEVICE_REGISTRY_PROPERTY DeviceProperty, ULONG BufferLength,
                                   PVOID PropertyBuffer, PULONG ResultLength);

// IoOpenDeviceRegistryKey, DevInstKeyType: the key of the device, or the one that its drivers keep
// for it. One of the two.
#define PLUGPLAY_REGKEY_DEVICE 1
#define PLUGPLAY_REGKEY_DRIVER 2
#define PLUGPLAY_REGKEY_CURRENT_HWPROFILE 4

// ZwClose closes the handle. STATUS_INVALID_PARAMETER for another DevInstKeyType;
// STATUS_INVALID_DEVICE_REQUEST: the device is none that was plugged in, or is not there any more;
// STATUS_OBJECT_NAME_NOT_FOUND: it has no such key. No hardware profiles are kept, so no key of one
// is found. STATUS_INSUFFICIENT_RESOURCES.                         [MSDN IoOpenDeviceRegistryKey]
NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType,
                                       ACCESS_MASK DesiredAccess, PHANDLE DeviceRegKey);

// ---- What drivers ask for and do not wait for. IRQL <= DISPATCH_LEVEL. DeviceObject is a physical
// device object; another one is bugcheck PNP_DETECTED_FATAL_ERROR. Of a device that is not started
// nothing is asked.

// Has the device's drivers asked again what hangs from it, if Type is BusRelations or
// SingleBusRelations; relations of the other types are asked for when they matter.
//                                                               [MSDN IoInvalidateDeviceRelations]
VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type);

// Has the device's drivers asked again how it is: IRP_MN_QUERY_PNP_DEVICE_STATE.
//                                                                   [MSDN IoInvalidateDeviceState]
VOID NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject);

// Has a child removed in an orderly way, with its EjectionRelations, and ejected by its bus if this
// says that it can. Nothing happens if a driver refuses, or a file is open.
//                                                                      [MSDN IoRequestDeviceEject]
VOID NTAPI IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject);

#ifdef __cplusplus
}
#endif
