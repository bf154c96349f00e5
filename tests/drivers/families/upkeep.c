/* What a driver keeps for those who open its device and for who removes it; other drivers; what a
   driver asks to be told of. */
#define FAMILY "upkeep"
#include "expect.h"

#define UPKEEP_TAG 'ekpU'

DRIVER_INITIALIZE DriverEntry;
DRIVER_INITIALIZE OtherEntry;
DRIVER_UNLOAD UpkeepUnload;
DRIVER_REINITIALIZE UpkeepReinitialize;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE)
    _Dispatch_type_(IRP_MJ_SHUTDOWN) DRIVER_DISPATCH UpkeepSucceed;
_Dispatch_type_(IRP_MJ_READ) DRIVER_DISPATCH UpkeepRead;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, UpkeepUnload)
#pragma alloc_text(PAGE, UpkeepReinitialize)
#pragma alloc_text(PAGE, UpkeepSucceed)
#pragma alloc_text(PAGE, UpkeepRead)
#endif

static UNICODE_STRING DeviceName = RTL_CONSTANT_STRING(L"\\Device\\MicaFamilyUpkeep");
static ULONG Reinitialized;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
  Irp->IoStatus.Status = Status;
  Irp->IoStatus.Information = Information;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
  return Status;
}

_Use_decl_annotations_ NTSTATUS UpkeepSucceed(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DeviceObject);
  return Complete(Irp, STATUS_SUCCESS, 0);
}

/* How often it was initialized again. */
_Use_decl_annotations_ NTSTATUS UpkeepRead(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DeviceObject);
  if (IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length < sizeof(ULONG)) {
    return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
  }
  *(PULONG)Irp->AssociatedIrp.SystemBuffer = Reinitialized;
  return Complete(Irp, ExpectationsStatus(), sizeof(ULONG));
}

static VOID CheckSharing(VOID) {
  SHARE_ACCESS Share;
  FILE_OBJECT Files[2];
  BOOLEAN MayWrite = TRUE;

  RtlZeroMemory(&Share, sizeof(Share));
  RtlZeroMemory(Files, sizeof(Files));
  IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &Files[0], &Share);
  EXPECT(Share.OpenCount == 1 && Share.Readers == 1 && Share.SharedRead == 1);
  EXPECT(IoCheckShareAccess(FILE_WRITE_DATA, FILE_SHARE_READ, &Files[1], &Share, TRUE) ==
         STATUS_SHARING_VIOLATION);
  EXPECT(NT_SUCCESS(IoCheckShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &Files[1], &Share, FALSE)));
  IoUpdateShareAccess(&Files[1], &Share);
  EXPECT(Share.OpenCount == 2 && Share.Readers == 2);
  IoRemoveShareAccess(&Files[1], &Share);
  IoRemoveShareAccess(&Files[0], &Share);
  EXPECT(Share.OpenCount == 0 && Share.Readers == 0);
  RtlZeroMemory(Files, sizeof(Files));
  IoSetShareAccessEx(FILE_READ_DATA, 0, &Files[0], &Share, &MayWrite);
  EXPECT(IoCheckShareAccessEx(FILE_READ_DATA, FILE_SHARE_READ, &Files[1], &Share, TRUE,
                              &MayWrite) == STATUS_SHARING_VIOLATION);
  IoRemoveShareAccess(&Files[0], &Share);
  EXPECT(Share.OpenCount == 0);
}

static VOID CheckRemoving(VOID) {
  static IO_REMOVE_LOCK Lock;

  IoInitializeRemoveLock(&Lock, UPKEEP_TAG, 0, 0);
  EXPECT(NT_SUCCESS(IoAcquireRemoveLock(&Lock, &Lock)));
  EXPECT(NT_SUCCESS(IoAcquireRemoveLock(&Lock, &DeviceName)));
  IoReleaseRemoveLock(&Lock, &DeviceName);
  IoReleaseRemoveLockAndWait(&Lock, &Lock);
  EXPECT(IoAcquireRemoveLock(&Lock, &DeviceName) == STATUS_DELETE_PENDING);
}

/* A driver beside this one, which has no image of its own. */
static PDRIVER_OBJECT Other;

_Use_decl_annotations_ NTSTATUS OtherEntry(PDRIVER_OBJECT DriverObject,
                                           PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  Other = DriverObject;
  return STATUS_SUCCESS;
}

static VOID CheckOtherDriver(VOID) {
  UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Driver\\MicaFamilyOther");

  if (!EXPECT(NT_SUCCESS(IoCreateDriver(&Name, OtherEntry)))) return;
  EXPECT(Other != NULL && RtlEqualUnicodeString(&Other->DriverName, &Name, FALSE));
  EXPECT(IoCreateDriver(&Name, OtherEntry) == STATUS_OBJECT_NAME_COLLISION);
  IoDeleteDriver(Other);
}

/* A driver that this one brings up and down again, and its service's key, which loading makes. */
static VOID CheckLoading(VOID) {
  UNICODE_STRING Service =
      RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\nothing");
  UNICODE_STRING Device = RTL_CONSTANT_STRING(L"\\Device\\Nothing");
  OBJECT_ATTRIBUTES Attributes;
  PDEVICE_OBJECT DeviceObject;
  PFILE_OBJECT File;
  HANDLE Key;

  if (!EXPECT(NT_SUCCESS(ZwLoadDriver(&Service)))) return;
  EXPECT(ZwLoadDriver(&Service) == STATUS_IMAGE_ALREADY_LOADED);
  if (EXPECT(NT_SUCCESS(IoGetDeviceObjectPointer(&Device, FILE_READ_DATA, &File, &DeviceObject)))) {
    ObDereferenceObject(File);
  }
  EXPECT(NT_SUCCESS(ZwUnloadDriver(&Service)));
  EXPECT(ZwUnloadDriver(&Service) == STATUS_OBJECT_NAME_NOT_FOUND);
  InitializeObjectAttributes(&Attributes, &Service, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                             NULL);
  if (EXPECT(NT_SUCCESS(ZwOpenKey(&Key, DELETE, &Attributes)))) {
    EXPECT(NT_SUCCESS(ZwDeleteKey(Key)) && NT_SUCCESS(ZwClose(Key)));
  }
}

_Use_decl_annotations_ VOID UpkeepReinitialize(PDRIVER_OBJECT DriverObject, PVOID Context,
                                               ULONG Count) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
  EXPECT(Context == &Reinitialized && Count == Reinitialized + 1);
  ++Reinitialized;
}

_Use_decl_annotations_ VOID UpkeepUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  IoUnregisterShutdownNotification(DriverObject->DeviceObject);
  IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  PDEVICE_OBJECT DeviceObject;
  NTSTATUS Status;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = UpkeepUnload;
  DriverObject->MajorFunction[IRP_MJ_CREATE] = UpkeepSucceed;
  DriverObject->MajorFunction[IRP_MJ_CLOSE] = UpkeepSucceed;
  DriverObject->MajorFunction[IRP_MJ_SHUTDOWN] = UpkeepSucceed;
  DriverObject->MajorFunction[IRP_MJ_READ] = UpkeepRead;
  Status = IoCreateDevice(DriverObject, 0, &DeviceName, FILE_DEVICE_UNKNOWN,
                          FILE_DEVICE_SECURE_OPEN, FALSE, &DeviceObject);
  if (!NT_SUCCESS(Status)) return Status;
  DeviceObject->Flags |= DO_BUFFERED_IO;
  CheckSharing();
  CheckRemoving();
  CheckOtherDriver();
  CheckLoading();
  EXPECT(NT_SUCCESS(IoRegisterLastChanceShutdownNotification(DeviceObject)));
  IoUnregisterShutdownNotification(DeviceObject);
  EXPECT(NT_SUCCESS(IoRegisterShutdownNotification(DeviceObject)));
  IoRegisterBootDriverReinitialization(DriverObject, UpkeepReinitialize, &Reinitialized);
  IoRegisterDriverReinitialization(DriverObject, UpkeepReinitialize, &Reinitialized);
  Status = ExpectationsStatus();
  if (!NT_SUCCESS(Status)) {
    IoUnregisterShutdownNotification(DeviceObject);
    IoDeleteDevice(DeviceObject);
  }
  return Status;
}
