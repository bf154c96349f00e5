/* Of the PCI device that QEMU has for those who learn to write drivers.   [QEMU "EDU device"]
   Its registers are in memory; it interrupts when a factorial is computed. */
#include "hardware.h"

#define EDU_IDENTIFICATION 0x00
#define EDU_LIVENESS 0x04
#define EDU_FACTORIAL 0x08
#define EDU_STATUS 0x20
#define EDU_INTERRUPT_STATUS 0x24
#define EDU_INTERRUPT_RAISE 0x60
#define EDU_INTERRUPT_ACKNOWLEDGE 0x64

#define EDU_COMPUTING 0x01
#define EDU_INTERRUPTS 0x80
#define EDU_GONE 0xFFFFFFFF

/* The number to compute the factorial of, and that. */
#define IOCTL_EDU_FACTORIAL CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* How often it interrupted. */
#define IOCTL_EDU_INTERRUPTS CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)

PCWSTR HardwareName = L"\\Device\\Edu";

static ULONG Read(PHARDWARE Hardware, ULONG Offset) {
  return READ_REGISTER_ULONG((PULONG)(Hardware->Registers + Offset));
}

static VOID Write(PHARDWARE Hardware, ULONG Offset, ULONG Value) {
  WRITE_REGISTER_ULONG((PULONG)(Hardware->Registers + Offset), Value);
}

/* Without an interrupt: it says that it computes. */
static NTSTATUS WaitWhileComputing(PHARDWARE Hardware) {
  ULONG Tries;
  for (Tries = 0; Tries < 1000; ++Tries) {
    LARGE_INTEGER Delay;
    if ((Read(Hardware, EDU_STATUS) & EDU_COMPUTING) == 0) return STATUS_SUCCESS;
    Delay.QuadPart = -10 * 1000;
    KeDelayExecutionThread(KernelMode, FALSE, &Delay);
  }
  return STATUS_IO_TIMEOUT;
}

/* Whether it interrupts as it is told is seen without a routine for it. */
static BOOLEAN RaisesAndFalls(PHARDWARE Hardware) {
  BOOLEAN Raised;
  Write(Hardware, EDU_INTERRUPT_RAISE, 0x12);
  Raised = Read(Hardware, EDU_INTERRUPT_STATUS) == 0x12;
  Write(Hardware, EDU_INTERRUPT_ACKNOWLEDGE, 0x12);
  return Raised && Read(Hardware, EDU_INTERRUPT_STATUS) == 0;
}

NTSTATUS HardwarePrepare(PHARDWARE Hardware) {
  ULONG Identification;
  if (Hardware->Registers == NULL) return STATUS_INVALID_PARAMETER;
  Identification = Read(Hardware, EDU_IDENTIFICATION);
  if ((Identification & 0xFF) != 0xED || Identification == EDU_GONE) return STATUS_NO_SUCH_DEVICE;
  Write(Hardware, EDU_LIVENESS, 0x12345678);
  if (Read(Hardware, EDU_LIVENESS) != ~0x12345678u || !RaisesAndFalls(Hardware))
    return STATUS_IO_DEVICE_ERROR;
  Write(Hardware, EDU_STATUS, 0);
  Write(Hardware, EDU_FACTORIAL, 5);
  if (!NT_SUCCESS(WaitWhileComputing(Hardware)) || Read(Hardware, EDU_FACTORIAL) != 120)
    return STATUS_IO_DEVICE_ERROR;
  DbgPrint("edu: revision %u.%u lives, and knows that 5! is 120\n", Identification >> 24,
           (Identification >> 16) & 0xFF);
  return STATUS_SUCCESS;
}

NTSTATUS HardwareBegin(PHARDWARE Hardware) {
  Write(Hardware, EDU_STATUS, Hardware->HasInterrupt ? EDU_INTERRUPTS : 0);
  return STATUS_SUCCESS;
}

VOID HardwareEnd(PHARDWARE Hardware) {
  Write(Hardware, EDU_STATUS, 0);
}

BOOLEAN HardwareInterrupt(PHARDWARE Hardware) {
  ULONG Raised = Read(Hardware, EDU_INTERRUPT_STATUS);
  if (Raised == 0 || Raised == EDU_GONE) return FALSE;
  Write(Hardware, EDU_INTERRUPT_ACKNOWLEDGE, Raised);
  return TRUE;
}

static NTSTATUS Factorial(PHARDWARE Hardware, PULONG Number) {
  LARGE_INTEGER Patience;
  NTSTATUS Status;
  Patience.QuadPart = -10 * 1000 * 1000;
  KeClearEvent(&Hardware->Event);
  Write(Hardware, EDU_FACTORIAL, *Number);
  if (!Hardware->HasInterrupt)
    Status = WaitWhileComputing(Hardware);
  else
    Status = KeWaitForSingleObject(&Hardware->Event, Executive, KernelMode, FALSE, &Patience);
  *Number = Read(Hardware, EDU_FACTORIAL);
  return Status == STATUS_SUCCESS ? STATUS_SUCCESS : STATUS_IO_TIMEOUT;
}

NTSTATUS HardwareRequest(PHARDWARE Hardware, PIO_STACK_LOCATION Stack, PVOID Buffer,
                         PULONG_PTR Length) {
  PULONG Number = Buffer;
  if (Stack->MajorFunction != IRP_MJ_DEVICE_CONTROL) return STATUS_INVALID_DEVICE_REQUEST;
  if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(*Number))
    return STATUS_BUFFER_TOO_SMALL;
  *Length = sizeof(*Number);
  switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_EDU_FACTORIAL:
      if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(*Number))
        return STATUS_INVALID_PARAMETER;
      return Factorial(Hardware, Number);
    case IOCTL_EDU_INTERRUPTS:
      *Number = (ULONG)Hardware->Interrupts;
      return STATUS_SUCCESS;
    default:
      return STATUS_INVALID_DEVICE_REQUEST;
  }
}
