/* A device whose reads fault, and whose driver cleans up after itself. */
#include <ntddk.h>

static volatile LONG Cleaned;

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

/* Faults with registers full of its own. */
static NTSTATUS NTAPI OnRead(PDEVICE_OBJECT Device, PIRP Irp) {
  double A = Cleaned + 1, B = A * 3, C = B * 5, D = C * 7, E = D * 11;
  UNREFERENCED_PARAMETER(Device);
  __try {
    *(volatile double *)0x100 = A + B + C + D + E;
  } __finally {
    InterlockedIncrement(&Cleaned);
    Complete(Irp, STATUS_TIMEOUT, 0);
  }
  return STATUS_SUCCESS;
}

/* How often it cleaned up. */
static NTSTATUS NTAPI OnWrite(PDEVICE_OBJECT Device, PIRP Irp) {
  UNREFERENCED_PARAMETER(Device);
  return Complete(Irp, STATUS_SUCCESS, Cleaned);
}

static VOID NTAPI OnUnload(PDRIVER_OBJECT Driver) { IoDeleteDevice(Driver->DeviceObject); }

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  UNICODE_STRING Name;
  PDEVICE_OBJECT Device;
  UNREFERENCED_PARAMETER(RegistryPath);
  RtlInitUnicodeString(&Name, L"\\Device\\Inner");
  Driver->MajorFunction[IRP_MJ_CREATE] = OnOpenOrClose;
  Driver->MajorFunction[IRP_MJ_CLOSE] = OnOpenOrClose;
  Driver->MajorFunction[IRP_MJ_READ] = OnRead;
  Driver->MajorFunction[IRP_MJ_WRITE] = OnWrite;
  Driver->DriverUnload = OnUnload;
  return IoCreateDevice(Driver, 0, &Name, FILE_DEVICE_UNKNOWN, 0, FALSE, &Device);
}
