// The I/O manager's routines. [MSDN wdm.h, ntddk.h]
//   Unless a routine says otherwise: IRQL PASSIVE_LEVEL.
#pragma once

#include <nt/io/irp.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Drivers
// Makes a driver object and calls its entry routine; what that says is returned, and an error
// removes the driver. Without a name it is \Driver\ and eight digits. STATUS_OBJECT_NAME_COLLISION,
// STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING DriverName,
                              PDRIVER_INITIALIZE InitializationFunction);
VOID NTAPI IoDeleteDriver(PDRIVER_OBJECT DriverObject);

// ---- Devices
// DeviceExtensionSize bytes, zeroed. STATUS_OBJECT_NAME_COLLISION and the other statuses of
// ObInsertObject, STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS NTAPI IoCreateDevice(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                              PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                              ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                              PDEVICE_OBJECT* DeviceObject);
// Its memory lasts until its files are closed and no device is attached to it. IRQL <= APC_LEVEL.
VOID NTAPI IoDeleteDevice(PDEVICE_OBJECT DeviceObject);

// The device that SourceDevice is above now: the former top. NULL when that one is being made or
// deleted. IRQL <= DISPATCH_LEVEL.
PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(PDEVICE_OBJECT SourceDevice,
                                                 PDEVICE_OBJECT TargetDevice);
// TargetDevice is what IoAttachDeviceToDeviceStack returned.
VOID NTAPI IoDetachDevice(PDEVICE_OBJECT TargetDevice);
// The top of the stack. IRQL <= DISPATCH_LEVEL.
PDEVICE_OBJECT NTAPI IoGetAttachedDevice(PDEVICE_OBJECT DeviceObject);
PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(PDEVICE_OBJECT DeviceObject);
PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(PFILE_OBJECT FileObject);

// Opens the device; ObDereferenceObject(*FileObject) closes it. *DeviceObject is the top of its
// stack, unreferenced. What the driver answers, STATUS_OBJECT_TYPE_MISMATCH, STATUS_NO_SUCH_DEVICE,
// STATUS_ACCESS_DENIED and the statuses of ObOpenObjectByName.
NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                        PFILE_OBJECT* FileObject, PDEVICE_OBJECT* DeviceObject);

// A permanent link. STATUS_OBJECT_NAME_COLLISION and the other statuses of ObInsertObject.
NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName);
// STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH.
NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName);

// ---- IRPs: IRQL <= DISPATCH_LEVEL
// NULL without memory. The quota is not charged.
PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota);
// Bugcheck 0xC9 for what is no IRP.
VOID NTAPI IoFreeIrp(PIRP Irp);
// PacketSize bytes, at least IoSizeOfIrp(StackSize).
VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize);
VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus);

// What the dispatch routine says. Bugcheck 0x35 without a stack location left, 0xC9 for what is no
// IRP.
NTSTATUS NTAPI IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp);
#define IoCallDriver IofCallDriver

// Bugcheck 0x44 for an IRP that is complete, 0xC9 for one that is pending or has a cancel routine.
VOID NTAPI IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost);
#define IoCompleteRequest IofCompleteRequest

// TRUE when there was a cancel routine, which has been called. Bugcheck 0x48 for an IRP that is
// complete.
BOOLEAN NTAPI IoCancelIrp(PIRP Irp);
VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql);
VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql);

// ---- The stack that the calling thread stands on: any IRQL
// Its lowest address, and the first above it.                              [MSDN IoGetStackLimits]
VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit);
// How many bytes of it the caller has left. Inline in the DDK.      [MSDN IoGetRemainingStackSize]
ULONG_PTR NTAPI IoGetRemainingStackSize(void);

// ---- Requests to wait for. Completion sets Event, writes IoStatusBlock and frees the IRP. NULL
// without memory, and for a direct transfer, which needs memory descriptor lists.
PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                        PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                        PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock);
PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                         PVOID InputBuffer, ULONG InputBufferLength,
                                         PVOID OutputBuffer, ULONG OutputBufferLength,
                                         BOOLEAN InternalDeviceIoControl, PKEVENT Event,
                                         PIO_STATUS_BLOCK IoStatusBlock);

// ---- Events with a name
// Opens the event of that name, whatever its type; if there is none makes one, signaled. The event
// stays while *EventHandle is open, a handle of the kernel's form, which ZwClose closes. NULL if it
// can be neither opened nor made.
//                                [MSDN IoCreateNotificationEvent, IoCreateSynchronizationEvent]
PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle);
PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle);

// ---- Processes. IRQL <= DISPATCH_LEVEL.
// PsGetCurrentProcess, and PsGetThreadProcess.       [MSDN IoGetCurrentProcess, IoThreadToProcess]
PEPROCESS NTAPI IoGetCurrentProcess(void);
PEPROCESS NTAPI IoThreadToProcess(PETHREAD Thread);

// ---- Data: cells of the current System, where the types are. Any IRQL.                   [wdm.h]
#ifdef _WIN32
extern POBJECT_TYPE* IoDeviceObjectType;
extern POBJECT_TYPE* IoDriverObjectType;
extern POBJECT_TYPE* IoFileObjectType;
#else
POBJECT_TYPE* NTAPI MicaCellIoDeviceObjectType(void);
POBJECT_TYPE* NTAPI MicaCellIoDriverObjectType(void);
POBJECT_TYPE* NTAPI MicaCellIoFileObjectType(void);
#define IoDeviceObjectType MicaCellIoDeviceObjectType()
#define IoDriverObjectType MicaCellIoDriverObjectType()
#define IoFileObjectType MicaCellIoFileObjectType()
#endif

#ifdef __cplusplus
}
#endif
