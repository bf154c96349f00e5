/* A device that only administrators and the system get at, which makes others with any security
   descriptor. */
#define POOL_NX_OPTIN 1
#include <initguid.h>
#include <ntifs.h>
#include <wdmsec.h>

#include "secure.h"

/* {9D7D9E6B-27B9-4C0D-8C5A-3B0B1F6E2A51} */
DEFINE_GUID(GUID_CLASS_OF_SECURE, 0x9d7d9e6b, 0x27b9, 0x4c0d, 0x8c, 0x5a, 0x3b, 0x0b, 0x1f, 0x6e,
            0x2a, 0x51);

typedef struct _DEVICE_EXTENSION {
  FAST_MUTEX Lock;
  PDEVICE_OBJECT Made;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SecureUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH SecureCreateClose;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL) DRIVER_DISPATCH SecureDeviceControl;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, SecureUnload)
#pragma alloc_text(PAGE, SecureCreateClose)
#pragma alloc_text(PAGE, SecureDeviceControl)
#endif

static const UNICODE_STRING* const Texts[SECURE_TEXTS] = {
    &SDDL_DEVOBJ_KERNEL_ONLY,
    &SDDL_DEVOBJ_SYS_ALL,
    &SDDL_DEVOBJ_INF_SUPPLIED,
    &SDDL_DEVOBJ_SYS_ALL_ADM_ALL,
    &SDDL_DEVOBJ_SYS_ALL_ADM_RX,
    &SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R,
    &SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R,
    &SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R,
    &SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX};

static DECLARE_CONST_UNICODE_STRING(MadeName, L"\\Device\\SecureMade");

_Use_decl_annotations_ NTSTATUS SecureCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  PAGED_CODE();
  Irp->IoStatus.Status = STATUS_SUCCESS;
  Irp->IoStatus.Information = 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

_IRQL_requires_(PASSIVE_LEVEL) static NTSTATUS
    Make(_In_ PDEVICE_OBJECT DeviceObject, _In_ PCUNICODE_STRING Text, _In_ ULONG ControlCode) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  BOOLEAN Nameless = ControlCode == IOCTL_SECURE_MAKE_NAMELESS;
  PDEVICE_OBJECT Made = NULL;
  NTSTATUS Status;

  ExAcquireFastMutex(&Extension->Lock);
  if (Extension->Made != NULL) IoDeleteDevice(Extension->Made);
  Extension->Made = NULL;
  ExReleaseFastMutex(&Extension->Lock);
  Status = IoCreateDeviceSecure(
      DeviceObject->DriverObject, 0, Nameless ? NULL : (PUNICODE_STRING)&MadeName,
      FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, Text,
      ControlCode == IOCTL_SECURE_MAKE_OF_CLASS ? &GUID_CLASS_OF_SECURE : NULL, &Made);
  if (!NT_SUCCESS(Status)) return Status;
  Made->Flags &= ~DO_DEVICE_INITIALIZING;
  ExAcquireFastMutex(&Extension->Lock);
  Extension->Made = Made;
  ExReleaseFastMutex(&Extension->Lock);
  return STATUS_SUCCESS;
}

/* Both buffers are where the caller says: nobody has looked at them. */
static NTSTATUS Tell(PIRP Irp, PIO_STACK_LOCATION Stack, PULONG_PTR Length) {
  PVOID Input = Stack->Parameters.DeviceIoControl.Type3InputBuffer;
  NTSTATUS Status = STATUS_BUFFER_TOO_SMALL;

  if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG)) return Status;
  try {
    ULONG Number;

    if (Irp->RequestorMode != KernelMode) ProbeForRead(Input, sizeof(ULONG), sizeof(ULONG));
    Number = *(volatile ULONG*)Input;
    if (Number >= SECURE_TEXTS) {
      Status = STATUS_INVALID_PARAMETER;
      leave;
    }
    *Length = Texts[Number]->Length;
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < *Length) leave;
    if (Irp->RequestorMode != KernelMode) ProbeForWrite(Irp->UserBuffer, *Length, sizeof(WCHAR));
    RtlCopyMemory(Irp->UserBuffer, Texts[Number]->Buffer, *Length);
    Status = STATUS_SUCCESS;
  }
  except(EXCEPTION_EXECUTE_HANDLER) {
    Status = GetExceptionCode();
  }
  return Status;
}

_Use_decl_annotations_ NTSTATUS SecureDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
  ULONG Code = Stack->Parameters.DeviceIoControl.IoControlCode;
  UNICODE_STRING Text;
  ULONG_PTR Length = 0;
  NTSTATUS Status;

  PAGED_CODE();
  switch (Code) {
    case IOCTL_SECURE_MAKE:
    case IOCTL_SECURE_MAKE_OF_CLASS:
    case IOCTL_SECURE_MAKE_NAMELESS:
      Text.Buffer = Irp->AssociatedIrp.SystemBuffer;
      Text.Length = (USHORT)Stack->Parameters.DeviceIoControl.InputBufferLength;
      Text.MaximumLength = Text.Length;
      Status = Make(DeviceObject, &Text, Code);
      break;
    case IOCTL_SECURE_TEXT:
      Status = Tell(Irp, Stack, &Length);
      break;
    default:
      Status = STATUS_INVALID_DEVICE_REQUEST;
      break;
  }
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = NT_SUCCESS(Status) ? Length : 0;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ VOID SecureUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  while (DriverObject->DeviceObject != NULL) IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  DECLARE_CONST_UNICODE_STRING(DeviceName, L"\\Device\\Secure");
  PDEVICE_EXTENSION Extension;
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  PAGED_CODE();
  ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
  Status = IoCreateDeviceSecure(
      DriverObject, sizeof(DEVICE_EXTENSION), (PUNICODE_STRING)&DeviceName, FILE_DEVICE_UNKNOWN,
      FILE_DEVICE_SECURE_OPEN, FALSE, &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, NULL, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  Extension = DeviceObject->DeviceExtension;
  ExInitializeFastMutex(&Extension->Lock);
  DriverObject->MajorFunction[IRP_MJ_CREATE] = SecureCreateClose;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = SecureCreateClose;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = SecureDeviceControl;
  DriverObject->DriverUnload = SecureUnload;
  return STATUS_SUCCESS;
}
