// What a device can be used for, by the GUID of the use: names that whoever looks for such devices
// opens.                                                        [MSDN "Device Interface Classes"]
//   IRQL PASSIVE_LEVEL. PhysicalDeviceObject is the lowest of a stack. A name is
//   \??\PATH#{GUID}, where PATH is the device's with # for \, and \REFERENCE if there is one.
#pragma once

#include <nt/io/objects.h>

#ifdef __cplusplus
extern "C" {
#endif

// The name of the device's interface of that class, which is made if need be, and is not enabled
// then. RtlFreeUnicodeString frees it. ReferenceString may be NULL.
//   STATUS_INVALID_DEVICE_REQUEST: the device is none that was plugged in, is not there any more,
//   or its bus does not say what it is called; STATUS_INVALID_PARAMETER: a slash or a backslash is
//   in ReferenceString; STATUS_INSUFFICIENT_RESOURCES.             [MSDN IoRegisterDeviceInterface]
NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject,
                                         GUID const* InterfaceClassGuid,
                                         PUNICODE_STRING ReferenceString,
                                         PUNICODE_STRING SymbolicLinkName);

// From now on the device can be opened by that name, or not any more. Who asked for notice is told
//   STATUS_OBJECT_NAME_EXISTS, a success: it is enabled already; STATUS_OBJECT_NAME_NOT_FOUND: none
//   is of that name, or it is to be disabled and is not enabled; STATUS_INVALID_DEVICE_REQUEST:
//   that name, or it is to be disabled and is not enabled; STATUS_INVALID_DEVICE_REQUEST:
//   the physical device object has no name; STATUS_INSUFFICIENT_RESOURCES.
//                                                                 [MSDN IoSetDeviceInterfaceState]
NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable);

#define DEVICE_INTERFACE_INCLUDE_NONACTIVE 0x00000001

// The names of that class's interfaces, each terminated, and an empty one; ExFreePool frees them.
// Of one device if PhysicalDeviceObject is not NULL; those not enabled too if Flags say so.
//   STATUS_INVALID_DEVICE_REQUEST: as above; STATUS_INSUFFICIENT_RESOURCES.
//                                                                     [MSDN IoGetDeviceInterfaces]
NTSTATUS NTAPI IoGetDeviceInterfaces(GUID const* InterfaceClassGuid,
                                     PDEVICE_OBJECT PhysicalDeviceObject, ULONG Flags,
                                     PWSTR* SymbolicLinkList);

// The name of the same device's interface of another class, with the same reference string.
// RtlFreeUnicodeString frees it. STATUS_OBJECT_NAME_NOT_FOUND: there is none, or none of the name;
// STATUS_INSUFFICIENT_RESOURCES.                                  [MSDN IoGetDeviceInterfaceAlias]
NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING SymbolicLinkName,
                                         GUID const* AliasInterfaceClassGuid,
                                         PUNICODE_STRING AliasSymbolicLinkName);

// A key for what is kept of the interface, which is made if need be; ZwClose closes it.
// STATUS_OBJECT_NAME_NOT_FOUND: there is no interface of that name; STATUS_INSUFFICIENT_RESOURCES.
//                                                          [MSDN IoOpenDeviceInterfaceRegistryKey]
NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName,
                                                ACCESS_MASK DesiredAccess,
                                                PHANDLE DeviceInterfaceRegKey);

#ifdef __cplusplus
}
#endif
