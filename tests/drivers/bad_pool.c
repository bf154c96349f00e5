/* Breaks rules of the pool. */
#include <ntddk.h>

#include "breaks.h"

#define TAG 'looP'

static PVOID Memory;

static VOID FreeTwice(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  KIRQL OldIrql;

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql); /* nobody gets the block in between */
  Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, 48, TAG);
  if (Memory != NULL) ExFreePoolWithTag(Memory, TAG);
  if (Memory != NULL) ExFreePoolWithTag(Memory, TAG);
  KeLowerIrql(OldIrql);
}

static VOID FreeWithOtherTag(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  Memory = ExAllocatePool2(POOL_FLAG_PAGED, 48, TAG);
  if (Memory != NULL) ExFreePoolWithTag(Memory, 'rehO');
}

static VOID FreeMemory(VOID) {
  ExFreePoolWithTag(Memory, TAG);
}

static VOID FreeWhatIsNoPool(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  static ULONG64 Data[4];

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  ExFreePoolWithTag(&Data[2], TAG);
}

static VOID FreeWithSetTimer(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  LARGE_INTEGER DueTime;

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  Memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KTIMER), TAG);
  if (Memory == NULL) return;
  DueTime.QuadPart = -10000LL * 1000 * 1000;
  KeInitializeTimer(Memory);
  KeSetTimer(Memory, DueTime, NULL);
  ExFreePoolWithTag(Memory, TAG);
}

static VOID CancelAndFree(VOID) {
  KeCancelTimer(Memory);
  FreeMemory();
}

static VOID AllocateWithoutTag(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  Memory = ExAllocatePoolWithTag(NonPagedPoolNx, 48, 0);
}

const BREAK Breaks[] = {{FreeTwice, NULL},
                        {FreeWithOtherTag, FreeMemory},
                        {FreeWhatIsNoPool, NULL},
                        {FreeWithSetTimer, CancelAndFree},
                        {AllocateWithoutTag, NULL}};
const ULONG BreakCount = RTL_NUMBER_OF(Breaks);
