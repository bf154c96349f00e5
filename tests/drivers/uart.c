/* Of a 16550 UART, whose loop it keeps closed: what is written is what is read.
   [National Semiconductor "PC16550D"] */
#include "hardware.h"

#define UART_DATA 0             /* and the divisor's low byte */
#define UART_INTERRUPT_ENABLE 1 /* and its high byte */
#define UART_LINE_CONTROL 3
#define UART_MODEM_CONTROL 4
#define UART_LINE_STATUS 5
#define UART_SCRATCH 7

#define UART_DATA_READY 0x01
#define UART_TRANSMITTER_EMPTY 0x20
#define UART_DIVISOR_ACCESS 0x80
#define UART_EIGHT_BITS 0x03
#define UART_LOOP 0x10
#define UART_INTERRUPTS_LEAVE 0x08
#define UART_RECEIVED_INTERRUPTS 0x01
#define UART_GONE 0xFF

#define RING 32
/* In State. */
#define TAKEN 8
#define FILLED 9

PCWSTR HardwareName = L"\\Device\\Uart";

static UCHAR Read(PHARDWARE Hardware, ULONG Register) {
  return READ_PORT_UCHAR(Hardware->Port + Register);
}

static VOID Write(PHARDWARE Hardware, ULONG Register, UCHAR Value) {
  WRITE_PORT_UCHAR(Hardware->Port + Register, Value);
}

static BOOLEAN WaitFor(PHARDWARE Hardware, UCHAR Status) {
  ULONG Tries;
  for (Tries = 0; Tries < 10000; ++Tries) {
    if ((Read(Hardware, UART_LINE_STATUS) & Status) != 0) return TRUE;
    KeStallExecutionProcessor(10);
  }
  return FALSE;
}

static NTSTATUS Send(PHARDWARE Hardware, UCHAR Byte) {
  if (!WaitFor(Hardware, UART_TRANSMITTER_EMPTY)) return STATUS_IO_TIMEOUT;
  Write(Hardware, UART_DATA, Byte);
  return STATUS_SUCCESS;
}

/* Every byte there is comes back. */
static NTSTATUS TryLoop(PHARDWARE Hardware) {
  ULONG Byte;
  for (Byte = 0; Byte < 256; ++Byte) {
    NTSTATUS Status = Send(Hardware, (UCHAR)Byte);
    if (!NT_SUCCESS(Status)) return Status;
    if (!WaitFor(Hardware, UART_DATA_READY)) return STATUS_IO_TIMEOUT;
    if (Read(Hardware, UART_DATA) != Byte) return STATUS_IO_DEVICE_ERROR;
  }
  return STATUS_SUCCESS;
}

NTSTATUS HardwarePrepare(PHARDWARE Hardware) {
  NTSTATUS Status;
  if (Hardware->Port == NULL) return STATUS_INVALID_PARAMETER;
  Write(Hardware, UART_SCRATCH, 0x5A);
  if (Read(Hardware, UART_SCRATCH) != 0x5A) return STATUS_NO_SUCH_DEVICE;
  Write(Hardware, UART_INTERRUPT_ENABLE, 0);
  Write(Hardware, UART_LINE_CONTROL, UART_DIVISOR_ACCESS);
  Write(Hardware, UART_DATA, 1);
  Write(Hardware, UART_INTERRUPT_ENABLE, 0);
  if (Read(Hardware, UART_DATA) != 1) return STATUS_IO_DEVICE_ERROR;
  Write(Hardware, UART_LINE_CONTROL, UART_EIGHT_BITS);
  Write(Hardware, UART_MODEM_CONTROL, UART_LOOP | UART_INTERRUPTS_LEAVE);
  Status = TryLoop(Hardware);
  if (NT_SUCCESS(Status)) DbgPrint("uart: 256 bytes came back\n");
  return Status;
}

NTSTATUS HardwareBegin(PHARDWARE Hardware) {
  if (Hardware->HasInterrupt) Write(Hardware, UART_INTERRUPT_ENABLE, UART_RECEIVED_INTERRUPTS);
  return STATUS_SUCCESS;
}

VOID HardwareEnd(PHARDWARE Hardware) {
  Write(Hardware, UART_INTERRUPT_ENABLE, 0);
}

static PUCHAR Slot(PHARDWARE Hardware, ULONG Number) {
  return (PUCHAR)Hardware->State + Number % RING;
}

/* What came is taken as long as there is some: it interrupts when there was none. What does not fit
   is lost. */
BOOLEAN HardwareInterrupt(PHARDWARE Hardware) {
  BOOLEAN Came = FALSE;
  for (;;) {
    UCHAR Status = Read(Hardware, UART_LINE_STATUS);
    UCHAR Byte;
    if ((Status & UART_DATA_READY) == 0 || Status == UART_GONE) return Came;
    Came = TRUE;
    Byte = Read(Hardware, UART_DATA);
    if (Hardware->State[FILLED] - Hardware->State[TAKEN] < RING)
      *Slot(Hardware, Hardware->State[FILLED]++) = Byte;
  }
}

/* Those that came until now, or the next. */
static NTSTATUS Receive(PHARDWARE Hardware, PUCHAR Buffer, ULONG Bytes, PULONG_PTR Length) {
  LARGE_INTEGER Patience;
  Patience.QuadPart = -10 * 1000 * 1000;
  if (!Hardware->HasInterrupt) return STATUS_NOT_SUPPORTED;
  for (;;) {
    KIRQL Level = KeAcquireInterruptSpinLock(Hardware->Interrupt);
    while (*Length < Bytes && Hardware->State[TAKEN] != Hardware->State[FILLED])
      Buffer[(*Length)++] = *Slot(Hardware, Hardware->State[TAKEN]++);
    KeReleaseInterruptSpinLock(Hardware->Interrupt, Level);
    if (*Length != 0) return STATUS_SUCCESS;
    if (KeWaitForSingleObject(&Hardware->Event, Executive, KernelMode, FALSE, &Patience) !=
        STATUS_SUCCESS)
      return STATUS_IO_TIMEOUT;
  }
}

NTSTATUS HardwareRequest(PHARDWARE Hardware, PIO_STACK_LOCATION Stack, PVOID Buffer,
                         PULONG_PTR Length) {
  ULONG Bytes = Stack->Parameters.Write.Length;
  NTSTATUS Status = STATUS_SUCCESS;
  if (Stack->MajorFunction == IRP_MJ_READ) return Receive(Hardware, Buffer, Bytes, Length);
  if (Stack->MajorFunction != IRP_MJ_WRITE) return STATUS_INVALID_DEVICE_REQUEST;
  while (*Length < Bytes && NT_SUCCESS(Status))
    Status = Send(Hardware, ((PUCHAR)Buffer)[(*Length)++]);
  return Status;
}
