/* A driver that gives back what it was given: a read waits for a write, and control requests of
 * every method have their input as output. */
#include <ntddk.h>

#define DELAY_MS 10

#define IOCTL_BUFFERED CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_IN_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_IN_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_OUT_DIRECT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_OUT_DIRECT, FILE_ANY_ACCESS)
#define IOCTL_NEITHER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_NEITHER, FILE_ANY_ACCESS)
/* The same as buffered, by and by. */
#define IOCTL_LATER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_ANY_ACCESS)
/* What no driver should do: stops the system, and never comes back. */
#define IOCTL_BUGCHECK CTL_CODE(FILE_DEVICE_UNKNOWN, 0x805, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_HANG CTL_CODE(FILE_DEVICE_UNKNOWN, 0x806, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _ECHO {
  KSPIN_LOCK Lock;
  PIRP Reader; /* waits; guarded by the lock, as is its cancel routine's turn */
  KTIMER Timer;
  KDPC Dpc;
  PIRP Delayed;
} ECHO;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

static NTSTATUS NTAPI OnOpenOrClose(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

/* Whoever takes it completes it, unless its cancel routine comes first. */
static PIRP TakeReader(ECHO* Echo) {
  KIRQL Irql;
  PIRP Irp;
  KeAcquireSpinLock(&Echo->Lock, &Irql);
  Irp = Echo->Reader;
  if (Irp != NULL && IoSetCancelRoutine(Irp, NULL) == NULL) Irp = NULL;
  if (Irp != NULL) Echo->Reader = NULL;
  KeReleaseSpinLock(&Echo->Lock, Irql);
  return Irp;
}

static VOID NTAPI OnCancel(PDEVICE_OBJECT Device, PIRP Irp) {
  ECHO* Echo = Device->DeviceExtension;
  KIRQL Irql;
  IoReleaseCancelSpinLock(Irp->CancelIrql);
  KeAcquireSpinLock(&Echo->Lock, &Irql);
  if (Echo->Reader == Irp) Echo->Reader = NULL;
  KeReleaseSpinLock(&Echo->Lock, Irql);
  Complete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI OnCleanup(PDEVICE_OBJECT Device, PIRP Irp) {
  PIRP Reader = TakeReader(Device->DeviceExtension);
  if (Reader != NULL) Complete(Reader, STATUS_CANCELLED, 0);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI OnRead(PDEVICE_OBJECT Device, PIRP Irp) {
  ECHO* Echo = Device->DeviceExtension;
  BOOLEAN Busy, Cancelled = FALSE;
  KIRQL Irql;
  KeAcquireSpinLock(&Echo->Lock, &Irql);
  Busy = Echo->Reader != NULL;
  if (!Busy) {
    IoSetCancelRoutine(Irp, OnCancel);
    Cancelled = Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL;
    if (!Cancelled) {
      IoMarkIrpPending(Irp);
      Echo->Reader = Irp;
    }
  }
  KeReleaseSpinLock(&Echo->Lock, Irql);
  if (Busy) return Complete(Irp, STATUS_DEVICE_BUSY, 0);
  if (Cancelled) return Complete(Irp, STATUS_CANCELLED, 0);
  return STATUS_PENDING;
}

static NTSTATUS NTAPI OnWrite(PDEVICE_OBJECT Device, PIRP Irp) {
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length, Room;
  PIRP Reader = TakeReader(Device->DeviceExtension);
  if (Reader == NULL) return Complete(Irp, STATUS_DEVICE_NOT_READY, 0);
  Room = IoGetCurrentIrpStackLocation(Reader)->Parameters.Read.Length;
  if (Length > Room) Length = Room;
  RtlCopyMemory(Reader->AssociatedIrp.SystemBuffer, Irp->AssociatedIrp.SystemBuffer, Length);
  Complete(Reader, STATUS_SUCCESS, Length);
  return Complete(Irp, STATUS_SUCCESS, Length);
}

static VOID NTAPI OnTime(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
  ECHO* Echo = Context;
  PIRP Irp = Echo->Delayed;
  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(First);
  UNREFERENCED_PARAMETER(Second);
  Echo->Delayed = NULL;
  Complete(Irp, STATUS_SUCCESS,
           IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.InputBufferLength);
}

static NTSTATUS CompleteLater(ECHO* Echo, PIRP Irp) {
  LARGE_INTEGER Due;
  if (Echo->Delayed != NULL) return Complete(Irp, STATUS_DEVICE_BUSY, 0);
  IoMarkIrpPending(Irp);
  Echo->Delayed = Irp;
  Due.QuadPart = -10000LL * DELAY_MS;
  KeSetTimer(&Echo->Timer, Due, &Echo->Dpc);
  return STATUS_PENDING;
}

static VOID Hang(void) {
  KEVENT Never;
  KeInitializeEvent(&Never, NotificationEvent, FALSE);
  KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS NTAPI OnControl(PDEVICE_OBJECT Device, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  ULONG In = Stack->Parameters.DeviceIoControl.InputBufferLength;
  ULONG Out = Stack->Parameters.DeviceIoControl.OutputBufferLength;
  PVOID Mapped;
  DbgPrint("echo: control %x, %u in, %u out\n", Stack->Parameters.DeviceIoControl.IoControlCode, In,
           Out);
  if (In > Out) return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_BUFFERED:
      return Complete(Irp, STATUS_SUCCESS, In);
    case IOCTL_IN_DIRECT:
    case IOCTL_OUT_DIRECT:
      if (Irp->MdlAddress == NULL) return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
      Mapped = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
      if (Mapped == NULL) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
      RtlCopyMemory(Mapped, Irp->AssociatedIrp.SystemBuffer, In);
      return Complete(Irp, STATUS_SUCCESS, In);
    case IOCTL_NEITHER:
      RtlCopyMemory(Irp->UserBuffer, Stack->Parameters.DeviceIoControl.Type3InputBuffer, In);
      return Complete(Irp, STATUS_SUCCESS, In);
    case IOCTL_LATER:
      return CompleteLater(Device->DeviceExtension, Irp);
    case IOCTL_BUGCHECK:
      KeBugCheckEx(0xE2, 0xEC40, In, Out, 0);
    case IOCTL_HANG:
      Hang();
  }
  return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

static VOID NTAPI OnUnload(PDRIVER_OBJECT Driver) {
  ECHO* Echo = Driver->DeviceObject->DeviceExtension;
  KeCancelTimer(&Echo->Timer);
  KeFlushQueuedDpcs();
  IoDeleteDevice(Driver->DeviceObject);
  DbgPrint("echo: unloaded\n");
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Name;
  PDEVICE_OBJECT Device;
  NTSTATUS Status;
  ECHO* Echo;
  UNREFERENCED_PARAMETER(RegistryPath);
  RtlInitUnicodeString(&Name, L"\\Device\\Echo");
  Status = IoCreateDevice(Driver, sizeof(ECHO), &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
  if (!NT_SUCCESS(Status)) return Status;
  Driver->MajorFunction[IRP_MJ_CREATE] = OnOpenOrClose;
  Driver->MajorFunction[IRP_MJ_CLEANUP] = OnCleanup;
  Driver->MajorFunction[IRP_MJ_CLOSE] = OnOpenOrClose;
  Driver->MajorFunction[IRP_MJ_READ] = OnRead;
  Driver->MajorFunction[IRP_MJ_WRITE] = OnWrite;
  Driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = OnControl;
  Driver->DriverUnload = OnUnload;
  Echo = Device->DeviceExtension;
  KeInitializeSpinLock(&Echo->Lock);
  KeInitializeTimer(&Echo->Timer);
  KeInitializeDpc(&Echo->Dpc, OnTime, Echo);
  Device->Flags |= DO_BUFFERED_IO;
  return STATUS_SUCCESS;
}
