/* Breaks rules of handles and of memory descriptor lists. */
#include <ntddk.h>

#include "breaks.h"

static UCHAR Memory[64];
static PMDL List;

static VOID CloseTwice(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  OBJECT_ATTRIBUTES Attributes;
  HANDLE Handle;

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
  if (!NT_SUCCESS(ZwCreateEvent(&Handle, EVENT_ALL_ACCESS, &Attributes, NotificationEvent, FALSE)))
    return;
  ZwClose(Handle);
  ZwClose(Handle);
}

static VOID UnlockTwice(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  List = IoAllocateMdl(Memory, sizeof(Memory), FALSE, FALSE, NULL);
  if (List == NULL) return;
  MmProbeAndLockPages(List, KernelMode, IoReadAccess);
  MmUnlockPages(List);
  MmUnlockPages(List);
}

static VOID FreeList(VOID) {
  IoFreeMdl(List);
}

static VOID FreeMapped(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  List = IoAllocateMdl(Memory, sizeof(Memory), FALSE, FALSE, NULL);
  if (List == NULL) return;
  MmProbeAndLockPages(List, KernelMode, IoReadAccess);
  if (MmGetSystemAddressForMdlSafe(List, NormalPagePriority) != NULL) IoFreeMdl(List);
}

static VOID UnlockAndFreeList(VOID) {
  MmUnlockPages(List);
  FreeList();
}

const BREAK Breaks[] = {
    {CloseTwice, NULL}, {UnlockTwice, FreeList}, {FreeMapped, UnlockAndFreeList}};
const ULONG BreakCount = RTL_NUMBER_OF(Breaks);
