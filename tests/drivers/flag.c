/* A flag, and an event that announces it. Mistakes are in it for the explorer: RAISE announces what
 * is not there yet, and CLEAR acts on a flag that may have changed since it looked. LOOK says
 * whether it was cancelled before it began. */
#include <ntddk.h>

#define FLAG_RAISE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FLAG_CLEAR CTL_CODE(FILE_DEVICE_UNKNOWN, 0x801, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FLAG_SET CTL_CODE(FILE_DEVICE_UNKNOWN, 0x802, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FLAG_WAIT CTL_CODE(FILE_DEVICE_UNKNOWN, 0x803, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FLAG_LOOK CTL_CODE(FILE_DEVICE_UNKNOWN, 0x804, METHOD_BUFFERED, FILE_ANY_ACCESS)

#define ONE_SECOND (-10 * 1000 * 1000LL)

typedef struct _DEVICE_EXTENSION {
  KEVENT Announced;
  volatile ULONG Flag;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD FlagUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH FlagCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH FlagControl;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, FlagCreateClose)
#pragma alloc_text(PAGE, FlagUnload)
#endif

static NTSTATUS CompleteRequest(_In_ PIRP Irp, _In_ NTSTATUS Status, _In_ ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

static NTSTATUS WaitForFlag(_In_ PDEVICE_EXTENSION Extension, _Inout_ PIRP Irp, _In_ ULONG Length) {
  LARGE_INTEGER Timeout;

  if (Length < sizeof(ULONG)) return CompleteRequest(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  Timeout.QuadPart = ONE_SECOND;
  if (KeWaitForSingleObject(&Extension->Announced, Executive, KernelMode, FALSE, &Timeout) !=
      STATUS_SUCCESS)
    return CompleteRequest(Irp, STATUS_IO_TIMEOUT, 0);
  *(PULONG)Irp->AssociatedIrp.SystemBuffer = Extension->Flag;
  return CompleteRequest(Irp, STATUS_SUCCESS, sizeof(ULONG));
}

_Use_decl_annotations_ NTSTATUS FlagControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

  switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case FLAG_RAISE:
      KeSetEvent(&Extension->Announced, IO_NO_INCREMENT, FALSE);
      Extension->Flag = 1;
      break;
    case FLAG_CLEAR:
      if (Extension->Flag == 0) KeClearEvent(&Extension->Announced);
      break;
    case FLAG_SET:
      Extension->Flag = 1;
      KeSetEvent(&Extension->Announced, IO_NO_INCREMENT, FALSE);
      break;
    case FLAG_WAIT:
      return WaitForFlag(Extension, Irp, Stack->Parameters.DeviceIoControl.OutputBufferLength);
    case FLAG_LOOK:
      return CompleteRequest(Irp, Irp->Cancel ? STATUS_CANCELLED : STATUS_SUCCESS, 0);
    default:
      return CompleteRequest(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
  }
  return CompleteRequest(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ NTSTATUS FlagCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DeviceObject);
  return CompleteRequest(Irp, STATUS_SUCCESS, 0);
}

_Use_decl_annotations_ VOID FlagUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\Flag");
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;

  DriverObject->MajorFunction[IRP_MJ_CREATE] = FlagCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = FlagCreateClose;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = FlagControl;
  DriverObject->DriverUnload = FlagUnload;

  Extension = DeviceObject->DeviceExtension;
  KeInitializeEvent(&Extension->Announced, NotificationEvent, FALSE);
  return STATUS_SUCCESS;
}
