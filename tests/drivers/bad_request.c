/* Breaks rules of requests, and of the remove lock that counts them. */
#include <ntddk.h>

#include "breaks.h"

static IO_REMOVE_LOCK RemoveLock;
static DRIVER_CANCEL Cancel;
static PIRP Own;

static VOID NTAPI Cancel(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  IoReleaseCancelSpinLock(Irp->CancelIrql);
}

/* The second time is in breaks.c. */
static VOID CompleteTwice(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static VOID CompleteAsPending(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  Irp->IoStatus.Status = STATUS_PENDING;
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static VOID CompleteWithCancelRoutine(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  Irp->IoStatus.Status = STATUS_SUCCESS;
  (void)IoSetCancelRoutine(Irp, Cancel);
  IoCompleteRequest(Irp, IO_NO_INCREMENT);
}

static VOID SendTooDeep(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(Irp);
  Own = IoAllocateIrp(DeviceObject->StackSize, FALSE);
  if (Own == NULL) return;
  IoSetNextIrpStackLocation(Own);
  IoCallDriver(DeviceObject, Own); /* which has no location left */
}

static VOID FreeOwn(VOID) {
  IoFreeIrp(Own);
}

static VOID ReleaseRemoveLock(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  IoInitializeRemoveLock(&RemoveLock, 'meRB', 0, 0);
  IoReleaseRemoveLock(&RemoveLock, Irp);
}

const BREAK Breaks[] = {{CompleteTwice, NULL},
                        {CompleteAsPending, NULL},
                        {CompleteWithCancelRoutine, NULL},
                        {SendTooDeep, FreeOwn},
                        {ReleaseRemoveLock, NULL}};
const ULONG BreakCount = RTL_NUMBER_OF(Breaks);
