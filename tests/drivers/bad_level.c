/* Breaks rules of levels. */
#include <ntddk.h>

#include "breaks.h"

static KEVENT Event;

static VOID WaitAtDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  LARGE_INTEGER Timeout;
  KIRQL OldIrql;

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  Timeout.QuadPart = -10000;
  KeInitializeEvent(&Event, NotificationEvent, FALSE);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &Timeout);
  KeLowerIrql(OldIrql);
}

static VOID RaiseToLess(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  KIRQL OldIrql, Lower;

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  KeRaiseIrql(APC_LEVEL, &Lower);
  KeLowerIrql(OldIrql);
}

static VOID SignalAndWaitAtDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  KIRQL OldIrql;

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeInitializeEvent(&Event, NotificationEvent, FALSE);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  KeSetEvent(&Event, IO_NO_INCREMENT, TRUE);
  KeLowerIrql(OldIrql);
}

static VOID PagedPoolAtDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  KIRQL OldIrql;
  PVOID Memory;

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  Memory = ExAllocatePool2(POOL_FLAG_PAGED, 40, 'lveL');
  KeLowerIrql(OldIrql);
  if (Memory != NULL) ExFreePoolWithTag(Memory, 'lveL');
}

const BREAK Breaks[] = {{WaitAtDispatch, NULL},
                        {RaiseToLess, NULL},
                        {SignalAndWaitAtDispatch, NULL},
                        {PagedPoolAtDispatch, NULL}};
const ULONG BreakCount = RTL_NUMBER_OF(Breaks);
