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

// ZwCreateFile with more to say: Options are IO_FORCE_ACCESS_CHECK, which the driver is told, and
// IO_NO_PARAMETER_CHECKING. STATUS_INVALID_PARAMETER for another CreateFileType than
// CreateFileTypeNone.                                                          [MSDN IoCreateFile]
NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                            CREATE_FILE_TYPE CreateFileType, PVOID InternalParameters,
                            ULONG Options);

// A permanent link. STATUS_OBJECT_NAME_COLLISION and the other statuses of ObInsertObject.
NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName);
// STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_TYPE_MISMATCH.
NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName);

// ---- IRPs: IRQL <= DISPATCH_LEVEL
// NULL without memory. The quota is not charged.
PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota);
// Bugcheck 0xC9 for what is no IRP, and for one that belongs to a thread.
VOID NTAPI IoFreeIrp(PIRP Irp);
// PacketSize bytes, at least IoSizeOfIrp(StackSize).
VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize);
VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus);
// An IRP for a part of Irp, of the same thread: its completion frees it and takes one from
// Irp->AssociatedIrp.IrpCount, which the caller set to the number of parts; the last completes Irp.
// NULL without memory.                                                   [MSDN IoMakeAssociatedIrp]
PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize);

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

// The lock of volume parameter blocks.           [MSDN IoAcquireVpbSpinLock, IoReleaseVpbSpinLock]
VOID NTAPI IoAcquireVpbSpinLock(PKIRQL Irql);
VOID NTAPI IoReleaseVpbSpinLock(KIRQL Irql);

// ---- The stack that the calling thread stands on: any IRQL
// Its lowest address, and the first above it.                              [MSDN IoGetStackLimits]
VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit);
// How many bytes of it the caller has left. Inline in the DDK.      [MSDN IoGetRemainingStackSize]
ULONG_PTR NTAPI IoGetRemainingStackSize(void);

// ---- Requests of the calling thread, which sends them and waits for them. In that thread
// completion writes IoStatusBlock, sets Event and frees the IRP; an error that was not pended is
// told by IoCallDriver alone. The thread does not end before they do. NULL without memory, and for
// a buffer that must be locked and is no memory of this System.
//                          [MSDN IoBuildSynchronousFsdRequest, IoBuildDeviceIoControlRequest]
PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                        PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                        PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock);
PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                         PVOID InputBuffer, ULONG InputBufferLength,
                                         PVOID OutputBuffer, ULONG OutputBufferLength,
                                         BOOLEAN InternalDeviceIoControl, PKEVENT Event,
                                         PIO_STATUS_BLOCK IoStatusBlock);

// One that is its maker's, as from IoAllocateIrp: a completion routine unlocks and frees the MDLs,
// frees the system buffer and the IRP, and returns STATUS_MORE_PROCESSING_REQUIRED. IRQL <=
// APC_LEVEL.                                                 [MSDN IoBuildAsynchronousFsdRequest]
PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                         PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
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
// Whose thread the request is, null for one that has none; its identifier, 0 for none.
//                                             [MSDN IoGetRequestorProcess, IoGetRequestorProcessId]
PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp);
ULONG NTAPI IoGetRequestorProcessId(PIRP Irp);
// Of the request, or null of the caller.                                   [MSDN IoIs32bitProcess]
BOOLEAN NTAPI IoIs32bitProcess(PIRP Irp);
BOOLEAN NTAPI IoIsSystemThread(PETHREAD Thread);  // [MSDN IoIsSystemThread]

// What the current thread calls its outermost request: an IRP, or one of the small numbers of
// <ntifs.h>; null at first. Any IRQL.                     [MSDN IoGetTopLevelIrp, IoSetTopLevelIrp]
PIRP NTAPI IoGetTopLevelIrp(void);
VOID NTAPI IoSetTopLevelIrp(PIRP Irp);

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
