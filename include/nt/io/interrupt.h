// Connecting interrupts to service routines.
//     [MSDN IoConnectInterruptEx, IO_CONNECT_INTERRUPT_PARAMETERS, IoConnectInterrupt]
//   IRQL PASSIVE_LEVEL, but reports of activity: IRQL <= DISPATCH_LEVEL.
//   A vector from 0x30 to 0xCF is all that names an interrupt; its DIRQL is its upper four bits.
//   A device that was plugged in may be assigned a line; none is assigned a message.
#pragma once

#include <nt/io/objects.h>
#include <nt/ke/interrupt.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CONNECT_FULLY_SPECIFIED 0x1
#define CONNECT_LINE_BASED 0x2
#define CONNECT_MESSAGE_BASED 0x3
#define CONNECT_FULLY_SPECIFIED_GROUP 0x4

typedef struct _IO_INTERRUPT_MESSAGE_INFO* PIO_INTERRUPT_MESSAGE_INFO;

typedef struct _IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS {
  PDEVICE_OBJECT PhysicalDeviceObject;
  PKINTERRUPT* InterruptObject;
  PKSERVICE_ROUTINE ServiceRoutine;
  PVOID ServiceContext;
  PKSPIN_LOCK SpinLock;   // NULL: the interrupt's own
  KIRQL SynchronizeIrql;  // that of the routine, not below Irql
  BOOLEAN FloatingSave;   // nothing depends on it: the machine saves what a routine may use
  BOOLEAN ShareVector;
  ULONG Vector;
  KIRQL Irql;
  KINTERRUPT_MODE InterruptMode;
  KAFFINITY ProcessorEnableMask;  // on other processors the routine is not called
  USHORT Group;                   // 0; with CONNECT_FULLY_SPECIFIED not looked at
} IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS,
    *PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS {
  PDEVICE_OBJECT PhysicalDeviceObject;
  PKINTERRUPT* InterruptObject;
  PKSERVICE_ROUTINE ServiceRoutine;
  PVOID ServiceContext;
  PKSPIN_LOCK SpinLock;
  KIRQL SynchronizeIrql;
  BOOLEAN FloatingSave;
} IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS {
  PDEVICE_OBJECT PhysicalDeviceObject;
  union {
    PVOID* Generic;
    PIO_INTERRUPT_MESSAGE_INFO* InterruptMessageTable;
    PKINTERRUPT* InterruptObject;
  } ConnectionContext;
  PKMESSAGE_SERVICE_ROUTINE MessageServiceRoutine;
  PVOID ServiceContext;
  PKSPIN_LOCK SpinLock;
  KIRQL SynchronizeIrql;
  BOOLEAN FloatingSave;
  PKSERVICE_ROUTINE FallBackServiceRoutine;
} IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_PARAMETERS {
  ULONG Version;
  union {
    IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS FullySpecified;
    IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS LineBased;
    IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS MessageBased;
  };
} IO_CONNECT_INTERRUPT_PARAMETERS, *PIO_CONNECT_INTERRUPT_PARAMETERS;

typedef struct _IO_DISCONNECT_INTERRUPT_PARAMETERS {
  ULONG Version;
  union {
    PVOID Generic;
    PKINTERRUPT InterruptObject;
    PIO_INTERRUPT_MESSAGE_INFO InterruptMessageTable;
  } ConnectionContext;
} IO_DISCONNECT_INTERRUPT_PARAMETERS, *PIO_DISCONNECT_INTERRUPT_PARAMETERS;

typedef struct _IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS {
  ULONG Version;
  union {
    PVOID Generic;
    PKINTERRUPT InterruptObject;
    PIO_INTERRUPT_MESSAGE_INFO InterruptMessageTable;
  } ConnectionContext;
} IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS, *PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS;

// From now on the routine is called when the vector interrupts. Those that share a vector are
// called in the order of their connection: when it is level-sensitive until one says TRUE, when it
// is latched all of them, again and again until none does.
// STATUS_INVALID_PARAMETER: no place for the object, no routine, a vector that no device may have,
// an Irql that is not the vector's, a SynchronizeIrql below it, no processor of the mask that runs;
// or the vector is connected already and either does not share it or is of the other mode.
// STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT* InterruptObject, PKSERVICE_ROUTINE ServiceRoutine,
                                  PVOID ServiceContext, PKSPIN_LOCK SpinLock, ULONG Vector,
                                  KIRQL Irql, KIRQL SynchronizeIrql, KINTERRUPT_MODE InterruptMode,
                                  BOOLEAN ShareVector, KAFFINITY ProcessorEnableMask,
                                  BOOLEAN FloatingSave);
// The same by CONNECT_FULLY_SPECIFIED and CONNECT_FULLY_SPECIFIED_GROUP; moreover
// STATUS_INVALID_PARAMETER without a device or for another group than 0,
// STATUS_INVALID_PARAMETER_10 for a mask without a processor that runs. By CONNECT_LINE_BASED the
// first line that the device was assigned, at its DIRQL if SynchronizeIrql is 0. By it and by
// CONNECT_MESSAGE_BASED STATUS_NOT_FOUND: the device was assigned none.
// STATUS_INVALID_PARAMETER_1: another version.
NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters);
// When it returns the routine has ended and is not called any more.
VOID NTAPI IoDisconnectInterrupt(PKINTERRUPT InterruptObject);
// Version as IoConnectInterruptEx left it.
VOID NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters);

// The device is without power, or has it again: an inactive interrupt's routine is not called. A
// new one is active.                                             [MSDN IoReportInterruptInactive]
VOID NTAPI IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters);
VOID NTAPI IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS Parameters);

#ifdef __cplusplus
}
#endif
