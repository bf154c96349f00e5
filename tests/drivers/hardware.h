/* What drivers of a device with registers have in common: it is plugged in, found by its resources,
   and gone. Each has its own of what is declared last. */
#pragma once

#include <ntddk.h>

typedef struct _HARDWARE {
  PDEVICE_OBJECT Self;
  PDEVICE_OBJECT PhysicalDevice;
  PDEVICE_OBJECT LowerDevice;
  IO_REMOVE_LOCK RemoveLock;
  PKINTERRUPT Interrupt; /* null: it has none, or none yet */
  BOOLEAN HasInterrupt;
  BOOLEAN Started;
  PUCHAR Port;      /* its first range of ports; null: none */
  PUCHAR Registers; /* its first range of memory, mapped; null: none */
  SIZE_T RegisterBytes;
  KDPC Dpc;
  volatile LONG Interrupts; /* that were the device's */
  ULONG State[16];          /* the driver's own */
  KEVENT Event;
} HARDWARE, *PHARDWARE;

DRIVER_INITIALIZE DriverEntry;

/* The device's name. */
extern PCWSTR HardwareName;
/* Before the interrupt is connected, and after. */
NTSTATUS HardwarePrepare(PHARDWARE Hardware);
NTSTATUS HardwareBegin(PHARDWARE Hardware);
/* The device is about to go: it is to be silent. It may be gone already. */
VOID HardwareEnd(PHARDWARE Hardware);
/* At the device's level: whether it was the device. */
BOOLEAN HardwareInterrupt(PHARDWARE Hardware);
/* IRP_MJ_READ, IRP_MJ_WRITE and IRP_MJ_DEVICE_CONTROL: in and out of the one buffer. */
NTSTATUS HardwareRequest(PHARDWARE Hardware, PIO_STACK_LOCATION Stack, PVOID Buffer,
                         PULONG_PTR Length);
