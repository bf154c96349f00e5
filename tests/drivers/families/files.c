/* A driver's own device, opened as a file: read, written, controlled, told of, cancelled. */
#define FAMILY "files"
#include "expect.h"

#define IOCTL_FILES_LENGTH CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define FSCTL_FILES_CLEAR CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define CAPACITY 32

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD FilesUnload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE)
    _Dispatch_type_(IRP_MJ_FLUSH_BUFFERS) DRIVER_DISPATCH FilesSucceed;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH FilesRead;
_Dispatch_type_(IRP_MJ_WRITE) DRIVER_DISPATCH FilesWrite;
_Dispatch_type_(IRP_MJ_DEVICE_CONTROL)
    _Dispatch_type_(IRP_MJ_FILE_SYSTEM_CONTROL) DRIVER_DISPATCH FilesControl;
DRIVER_CANCEL FilesCancel;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, FilesUnload)
#pragma alloc_text(PAGE, FilesSucceed)
#pragma alloc_text(PAGE, FilesControl)
#endif

/* What is written is read; a read of nothing waits until it is cancelled. */
typedef struct _DEVICE_EXTENSION {
  UCHAR Data[CAPACITY];
  ULONG Length;
} DEVICE_EXTENSION, *PDEVICE_EXTENSION;

static UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\MicaFamilyFiles");

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS FilesSucceed(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DeviceObject);
  return Complete(Irp, STATUS_SUCCESS, FILE_OPENED);
}

_Use_decl_annotations_ VOID FilesCancel(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  IoReleaseCancelSpinLock(Irp->CancelIrql);
  Complete(Irp, STATUS_CANCELLED, 0);
}

_Use_decl_annotations_ NTSTATUS FilesRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;

  if (Extension->Length == 0) {
    IoMarkIrpPending(Irp);
    IoSetCancelRoutine(Irp, FilesCancel);
    if (Irp->Cancel && IoSetCancelRoutine(Irp, NULL) != NULL) Complete(Irp, STATUS_CANCELLED, 0);
    return STATUS_PENDING;
  }
  Length = min(Length, Extension->Length);
  RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Extension->Data, Length);
  return Complete(Irp, STATUS_SUCCESS, Length);
}

_Use_decl_annotations_ NTSTATUS FilesWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  ULONG Length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;

  if (Length > CAPACITY) return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
  RtlCopyMemory(Extension->Data, Irp->AssociatedIrp.SystemBuffer, Length);
  Extension->Length = Length;
  return Complete(Irp, STATUS_SUCCESS, Length);
}

_Use_decl_annotations_ NTSTATUS FilesControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PDEVICE_EXTENSION Extension = DeviceObject->DeviceExtension;
  PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);

  PAGED_CODE();
  if (Stack->MajorFunction == IRP_MJ_FILE_SYSTEM_CONTROL) {
    if (Stack->Parameters.FileSystemControl.FsControlCode != FSCTL_FILES_CLEAR) {
      return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
    Extension->Length = 0;
    return Complete(Irp, STATUS_SUCCESS, 0);
  }
  if (Stack->Parameters.DeviceIoControl.IoControlCode != IOCTL_FILES_LENGTH) {
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
  }
  if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG)) {
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  }
  *(PULONG)Irp->AssociatedIrp.SystemBuffer = Extension->Length;
  return Complete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}

typedef NTSTATUS NTAPI TRANSFER(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, PVOID,
                                ULONG, PLARGE_INTEGER, PULONG);
typedef NTSTATUS NTAPI CONTROL(HANDLE, HANDLE, PIO_APC_ROUTINE, PVOID, PIO_STATUS_BLOCK, ULONG,
                               PVOID, ULONG, PVOID, ULONG);
typedef NTSTATUS NTAPI INFORM(HANDLE, PIO_STATUS_BLOCK, PVOID, ULONG, FILE_INFORMATION_CLASS);

/* The names with Zw and those with Nt do the same for a caller in kernel mode. */
static VOID CheckSynchronous(HANDLE File, TRANSFER* Read, TRANSFER* Write, CONTROL* Device,
                             CONTROL* FileSystem, INFORM* Query, INFORM* Set) {
  IO_STATUS_BLOCK Result;
  FILE_POSITION_INFORMATION Position;
  LARGE_INTEGER Offset = {{0, 0}};
  UCHAR Data[CAPACITY] = "family";
  ULONG Length = 0;

  EXPECT(NT_SUCCESS(Write(File, NULL, NULL, NULL, &Result, Data, 6, &Offset, NULL)));
  EXPECT(Result.Status == STATUS_SUCCESS && Result.Information == 6);
  RtlZeroMemory(Data, sizeof(Data));
  EXPECT(NT_SUCCESS(Read(File, NULL, NULL, NULL, &Result, Data, sizeof(Data), &Offset, NULL)));
  EXPECT(Result.Information == 6 && RtlEqualMemory(Data, "family", 7));
  Position.CurrentByteOffset.QuadPart = 3;
  EXPECT(NT_SUCCESS(Set(File, &Result, &Position, sizeof(Position), FilePositionInformation)));
  Position.CurrentByteOffset.QuadPart = 0;
  EXPECT(NT_SUCCESS(Query(File, &Result, &Position, sizeof(Position), FilePositionInformation)));
  EXPECT(Position.CurrentByteOffset.QuadPart == 3);
  EXPECT(Query(File, &Result, &Position, 1, FilePositionInformation) ==
         STATUS_INFO_LENGTH_MISMATCH);
  EXPECT(NT_SUCCESS(Device(File, NULL, NULL, NULL, &Result, IOCTL_FILES_LENGTH, NULL, 0, &Length,
                           sizeof(Length))));
  EXPECT(Result.Information == sizeof(Length) && Length == 6);
  EXPECT(Device(File, NULL, NULL, NULL, &Result, IOCTL_FILES_LENGTH, NULL, 0, &Length, 1) ==
         STATUS_BUFFER_TOO_SMALL);
  EXPECT(
      NT_SUCCESS(FileSystem(File, NULL, NULL, NULL, &Result, FSCTL_FILES_CLEAR, NULL, 0, NULL, 0)));
  EXPECT(NT_SUCCESS(Device(File, NULL, NULL, NULL, &Result, IOCTL_FILES_LENGTH, NULL, 0, &Length,
                           sizeof(Length))));
  EXPECT(Length == 0);
  EXPECT(FileSystem(File, NULL, NULL, NULL, &Result, FSCTL_FILES_CLEAR + 4, NULL, 0, NULL, 0) ==
         STATUS_INVALID_DEVICE_REQUEST);
}

/* Of a file that is not synchronous: reads that wait for ever, unless they are cancelled. */
static VOID CheckCancelled(HANDLE File) {
  IO_STATUS_BLOCK First = {{STATUS_PENDING}, 1}, Second = {{STATUS_PENDING}, 1}, Result;
  LARGE_INTEGER Offset = {{0, 0}};
  UCHAR Data[2];
  HANDLE Event;

  if (!EXPECT(
          NT_SUCCESS(ZwCreateEvent(&Event, EVENT_ALL_ACCESS, NULL, SynchronizationEvent, FALSE)))) {
    return;
  }
  EXPECT(ZwReadFile(File, Event, NULL, NULL, &First, &Data[0], 1, &Offset, NULL) == STATUS_PENDING);
  EXPECT(ZwReadFile(File, NULL, NULL, NULL, &Second, &Data[1], 1, &Offset, NULL) == STATUS_PENDING);
  EXPECT(NT_SUCCESS(ZwCancelIoFileEx(File, &First, &Result)));
  EXPECT(ZwWaitForSingleObject(Event, FALSE, NULL) == STATUS_SUCCESS);
  EXPECT(First.Status == STATUS_CANCELLED && First.Information == 0);
  EXPECT(Second.Status == STATUS_PENDING);
  EXPECT(NT_SUCCESS(ZwCancelIoFile(File, &Result)) && Second.Status == STATUS_CANCELLED);
  EXPECT(ZwCancelIoFileEx(File, NULL, &Result) == STATUS_NOT_FOUND);
  ZwClose(Event);
}

static VOID CheckFiles(VOID) {
  OBJECT_ATTRIBUTES Attributes;
  IO_STATUS_BLOCK Result;
  HANDLE File, Other;

  InitializeObjectAttributes(&Attributes, &DeviceName, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                             NULL, NULL);
  EXPECT(ZwCreateFile(&File, GENERIC_READ, &Attributes, &Result, NULL, FILE_ATTRIBUTE_NORMAL, 0,
                      FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL,
                      0) == STATUS_INVALID_PARAMETER); /* without SYNCHRONIZE */
  if (EXPECT(NT_SUCCESS(ZwCreateFile(&File, GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, &Attributes,
                                     &Result, NULL, FILE_ATTRIBUTE_NORMAL, 0, FILE_OPEN,
                                     FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0)))) {
    EXPECT(Result.Information == FILE_OPENED);
    CheckSynchronous(File, ZwReadFile, ZwWriteFile, ZwDeviceIoControlFile, ZwFsControlFile,
                     ZwQueryInformationFile, ZwSetInformationFile);
    CheckSynchronous(File, NtReadFile, NtWriteFile, NtDeviceIoControlFile, NtFsControlFile,
                     NtQueryInformationFile, NtSetInformationFile);
    EXPECT(NT_SUCCESS(ZwFlushBuffersFile(File, &Result)));
    EXPECT(NT_SUCCESS(ZwClose(File)));
  }
  if (EXPECT(NT_SUCCESS(ZwOpenFile(&File, GENERIC_READ | SYNCHRONIZE, &Attributes, &Result,
                                   FILE_SHARE_READ, 0)))) {
    CheckCancelled(File);
    EXPECT(NT_SUCCESS(ZwClose(File)));
  }
  if (EXPECT(NT_SUCCESS(NtOpenFile(&File, GENERIC_READ, &Attributes, &Result, 0, 0)))) {
    EXPECT(NT_SUCCESS(NtClose(File)));
  }
  if (EXPECT(NT_SUCCESS(NtCreateFile(&File, GENERIC_READ, &Attributes, &Result, NULL, 0, 0,
                                     FILE_OPEN, 0, NULL, 0)))) {
    EXPECT(NT_SUCCESS(NtClose(File)));
  }
  if (EXPECT(NT_SUCCESS(IoCreateFile(&Other, GENERIC_READ, &Attributes, &Result, NULL, 0, 0,
                                     FILE_OPEN, 0, NULL, 0, CreateFileTypeNone, NULL,
                                     IO_NO_PARAMETER_CHECKING)))) {
    EXPECT(NT_SUCCESS(ZwClose(Other)));
  }
}

_Use_decl_annotations_ VOID FilesUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  if (DriverObject->DeviceObject != NULL) IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = FilesUnload;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = FilesSucceed;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = FilesSucceed;
  DriverObject->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = FilesSucceed;
  DriverObject->MajorFunction[IRP_MJ_READ] = FilesRead;
  DriverObject->MajorFunction[IRP_MJ_WRITE] = FilesWrite;
  DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = FilesControl;
  DriverObject->MajorFunction[IRP_MJ_FILE_SYSTEM_CONTROL] = FilesControl;
  Status = IoCreateDevice(DriverObject, sizeof(DEVICE_EXTENSION), &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  DeviceObject->Flags |= DO_BUFFERED_IO;
  DeviceObject->Flags &= ~DO_DEVICE_INITIALIZING;
  CheckFiles();
  Status = ExpectationsStatus();
  if (!NT_SUCCESS(Status)) IoDeleteDevice(DeviceObject);
  return Status;
}
