/* Breaks rules of locks. */
#include <ntddk.h>

#include "breaks.h"

static FAST_MUTEX Mutex, Other;
static ERESOURCE Resource;
static KSPIN_LOCK SpinLock;

static VOID TakeTwice(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  ExInitializeFastMutex(&Mutex);
  ExAcquireFastMutex(&Mutex);
  ExAcquireFastMutex(&Mutex);
}

static VOID ReleaseWhatNobodyHas(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  KIRQL OldIrql;

  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  ExInitializeFastMutex(&Mutex);
  KeRaiseIrql(APC_LEVEL, &OldIrql);
  ExReleaseFastMutex(&Mutex);
  KeLowerIrql(OldIrql);
}

static VOID ReleaseSpinLockAtPassive(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  KeInitializeSpinLock(&SpinLock);
  KeReleaseSpinLock(&SpinLock, PASSIVE_LEVEL);
}

static VOID AcquireWhereApcsCome(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  ExInitializeResourceLite(&Resource);
  ExAcquireResourceExclusiveLite(&Resource, TRUE);
}

static VOID DeleteResource(VOID) {
  ExDeleteResourceLite(&Resource);
}

static VOID TakeInACircle(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  UNREFERENCED_PARAMETER(DeviceObject);
  UNREFERENCED_PARAMETER(Irp);
  ExInitializeFastMutex(&Mutex);
  ExInitializeFastMutex(&Other);
  ExAcquireFastMutex(&Mutex);
  ExAcquireFastMutex(&Other);
  ExReleaseFastMutex(&Other);
  ExReleaseFastMutex(&Mutex);
  ExAcquireFastMutex(&Other);
  ExAcquireFastMutex(&Mutex);
  ExReleaseFastMutex(&Mutex);
  ExReleaseFastMutex(&Other);
}

const BREAK Breaks[] = {{TakeTwice, NULL},
                        {ReleaseWhatNobodyHas, NULL},
                        {ReleaseSpinLockAtPassive, NULL},
                        {AcquireWhereApcsCome, DeleteResource},
                        {TakeInACircle, NULL}};
const ULONG BreakCount = RTL_NUMBER_OF(Breaks);
