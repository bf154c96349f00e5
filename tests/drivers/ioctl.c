/* Device control requests by the methods that hand over buffers: text comes back in capitals. */
#include <ntddk.h>

#include "ioctl.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD IoctlUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH IoctlCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH IoctlDeviceControl;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, IoctlCreateClose)
#pragma alloc_text(PAGE, IoctlDeviceControl)
#pragma alloc_text(PAGE, IoctlUnload)
#endif

static const UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\Ioctl");
static const UNICODE_STRING LinkName = RTL_CONSTANT_STRING(L"\\DosDevices\\Ioctl");

static VOID Transform(_Out_writes_bytes_(Length) PCHAR To,
                      _In_reads_bytes_(Length) const CHAR* From, ULONG Length) {
  for (; Length > 0; --Length) *To++ = RtlUpperChar(*From++);
}

_Use_decl_annotations_ NTSTATUS IoctlCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  PAGED_CODE();
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS IoctlDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  ULONG InputLength = Stack->Parameters.DeviceIoControl.InputBufferLength;
  ULONG OutputLength = Stack->Parameters.DeviceIoControl.OutputBufferLength;
  NTSTATUS Status = STATUS_SUCCESS;
  PVOID Input = NULL, Output = NULL;

  UNREFERENCED_PARAMETER(DeviceObject);
  PAGED_CODE();

  switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_TRANSFORM_METHOD_BUFFERED:
      Input = Output = Irp->AssociatedIrp.SystemBuffer;
      break;
    case IOCTL_TRANSFORM_METHOD_NEITHER:
      /* The caller's own addresses, which nobody has probed. */
      if (Irp->RequestorMode != KernelMode) {
        Status = STATUS_ACCESS_DENIED;
        break;
      }
      Input = Stack->Parameters.DeviceIoControl.Type3InputBuffer;
      Output = Irp->UserBuffer;
      break;
    default:
      Status = STATUS_INVALID_DEVICE_REQUEST;
      break;
  }

  Irp->IoStatus.Information = 0;
  if (NT_SUCCESS(Status) && (InputLength == 0 || OutputLength < InputLength))
    Status = STATUS_BUFFER_TOO_SMALL;
  if (NT_SUCCESS(Status)) {
    Transform(Output, Input, InputLength);
    Irp->IoStatus.Information = InputLength;
  }
  Irp->IoStatus.Status = Status;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ VOID IoctlUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  IoDeleteSymbolicLink((PUNICODE_STRING)&LinkName);
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  PDEVICE_OBJECT DeviceObject = NULL;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  Status = IoCreateDevice(DriverObject, 0, (PUNICODE_STRING)&DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) {
    KdPrint(("ioctl: no device: 0x%x\n", Status));
    return Status;
  }
  DriverObject->MajorFunction[IRP_MJ_CREATE] = IoctlCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = IoctlCreateClose;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = IoctlDeviceControl;
  DriverObject->DriverUnload = IoctlUnload;

  Status = IoCreateSymbolicLink((PUNICODE_STRING)&LinkName, (PUNICODE_STRING)&DeviceName);
  if (!NT_SUCCESS(Status)) {
    KdPrint(("ioctl: no link: 0x%x\n", Status));
    IoDeleteDevice(DeviceObject);
  }
  return Status;
}
