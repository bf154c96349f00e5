// StartIo: one IRP at a time for a device, the others wait in its device queue; and the timer that
// a device has.
#pragma once

#include <nt/io/irp.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef VOID(NTAPI IO_TIMER_ROUTINE)(PDEVICE_OBJECT DeviceObject, PVOID Context);
typedef IO_TIMER_ROUTINE* PIO_TIMER_ROUTINE;
typedef VOID(NTAPI IO_DPC_ROUTINE)(PKDPC Dpc, PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context);
typedef IO_DPC_ROUTINE* PIO_DPC_ROUTINE;

// Calls the driver's StartIo with the IRP, at DISPATCH_LEVEL, if the device is idle: it is the
// device's CurrentIrp then. Else the IRP waits, behind those of the same or a smaller *Key, or
// without a key at the end. With a cancel routine the IRP can be cancelled until StartIo takes the
// routine out; the routine is called at once for one that has to wait and was cancelled already.
// IRQL <= DISPATCH_LEVEL.                                                     [MSDN IoStartPacket]
VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key,
                         PDRIVER_CANCEL CancelFunction);

// The device has done with its CurrentIrp: StartIo with the next that waits, or the device is idle.
// ByKey: the first whose key is not less, or if there is none the first. Cancelable if the IRPs
// have cancel routines. IRQL DISPATCH_LEVEL, else bugcheck IRQL_NOT_GREATER_OR_EQUAL or
// IRQL_NOT_LESS_OR_EQUAL.                         [MSDN IoStartNextPacket, IoStartNextPacketByKey]
VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable);
VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key);

// DeferredStartIo: StartIo is not called while it runs, but when it has returned. NonCancelable:
// what StartIo gets has no cancel routine any more. Before the first IRP. Any IRQL.
//                                                                     [MSDN IoSetStartIoAttributes]
VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo,
                                  BOOLEAN NonCancelable);

// The DPC that a device has: its routine gets device, IRP and context of IoRequestDpc.
//                                                       [MSDN IoInitializeDpcRequest, IoRequestDpc]
FORCEINLINE VOID IoInitializeDpcRequest(PDEVICE_OBJECT DeviceObject, PIO_DPC_ROUTINE DpcRoutine) {
  KeInitializeDpc(&DeviceObject->Dpc, (PKDEFERRED_ROUTINE)DpcRoutine, DeviceObject);
}
#define IoRequestDpc(DeviceObject, Irp, Context) \
  ((void)KeInsertQueueDpc(&(DeviceObject)->Dpc, (Irp), (Context)))

// ---- The timer of a device: its routine is called about once a second, at DISPATCH_LEVEL, from
// IoStartTimer to IoStopTimer. IRQL of both <= DISPATCH_LEVEL.
// STATUS_SUCCESS. Again only while it is stopped. IRQL PASSIVE_LEVEL.   [MSDN IoInitializeTimer]
NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine,
                                 PVOID Context);
VOID NTAPI IoStartTimer(PDEVICE_OBJECT DeviceObject);  // [MSDN IoStartTimer]
// The routine does not run any more when this returns, unless this is called by it.
//                                                                              [MSDN IoStopTimer]
VOID NTAPI IoStopTimer(PDEVICE_OBJECT DeviceObject);

#ifdef __cplusplus
}
#endif
