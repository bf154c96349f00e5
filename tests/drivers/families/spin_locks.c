/* Spin locks of each kind: plain ones, queued ones, and those of readers and writers. */
#define FAMILY "spin_locks"
#include "threads.h"

#define ROUNDS 200

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SpinLocksUnload;
KSTART_ROUTINE AddingThread;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, SpinLocksUnload)
#endif

typedef VOID ADD_ONE(VOID);

static KSPIN_LOCK SpinLock;
static KSPIN_LOCK QueuedLock;
static EX_SPIN_LOCK ReaderWriterLock;
static LONG volatile Sum; /* without an interlocked operation: the lock keeps it whole */

static VOID AddOne(VOID) {
  LONG Before = Sum;

  YieldProcessor();
  Sum = Before + 1;
}

static ADD_ONE AddByPlain, AddByPlainAtDpc, AddByQueued, AddByWriter, AddByConversion;

static VOID AddByPlain(VOID) {
  KIRQL OldIrql;

  KeAcquireSpinLock(&SpinLock, &OldIrql);
  AddOne();
  KeReleaseSpinLock(&SpinLock, OldIrql);
}

static VOID AddByPlainAtDpc(VOID) {
  KIRQL OldIrql = KeRaiseIrqlToDpcLevel();

  while (!KeTryToAcquireSpinLockAtDpcLevel(&SpinLock)) {
    while (!KeTestSpinLock(&SpinLock)) KeStallExecutionProcessor(1);
  }
  AddOne();
  KeReleaseSpinLockFromDpcLevel(&SpinLock);
  KeLowerIrql(OldIrql);
}

static VOID AddByQueued(VOID) {
  KLOCK_QUEUE_HANDLE Handle;

  KeAcquireInStackQueuedSpinLock(&QueuedLock, &Handle);
  AddOne();
  KeReleaseInStackQueuedSpinLock(&Handle);
}

static VOID AddByWriter(VOID) {
  KIRQL OldIrql = ExAcquireSpinLockExclusive(&ReaderWriterLock);

  AddOne();
  ExReleaseSpinLockExclusive(&ReaderWriterLock, OldIrql);
}

static VOID AddByConversion(VOID) {
  KIRQL OldIrql = ExAcquireSpinLockShared(&ReaderWriterLock);

  if (ExTryConvertSharedSpinLockExclusive(&ReaderWriterLock)) {
    AddOne();
    ExReleaseSpinLockExclusive(&ReaderWriterLock, OldIrql);
  } else {
    ExReleaseSpinLockShared(&ReaderWriterLock, OldIrql);
    AddByWriter();
  }
}

_Use_decl_annotations_ VOID AddingThread(PVOID Context) {
  ADD_ONE* const* Add = Context;

  for (ULONG Round = 0; Round < ROUNDS; ++Round) (*Add)();
  PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Of which two that may meet on one lock do so from two threads. */
static VOID CheckTogether(ADD_ONE* First, ADD_ONE* Second) {
  PETHREAD Threads[2];

  Sum = 0;
  Threads[0] = StartThread(AddingThread, &First);
  Threads[1] = StartThread(AddingThread, &Second);
  JoinThread(Threads[0]);
  JoinThread(Threads[1]);
  EXPECT(Sum == 2 * ROUNDS);
}

static VOID CheckPlain(VOID) {
  KIRQL OldIrql;

  KeAcquireSpinLock(&SpinLock, &OldIrql);
  EXPECT(OldIrql == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
  EXPECT(!KeTestSpinLock(&SpinLock) && !KeTryToAcquireSpinLockAtDpcLevel(&SpinLock));
  KeReleaseSpinLockFromDpcLevel(&SpinLock);
  EXPECT(KeTestSpinLock(&SpinLock) && KeTryToAcquireSpinLockAtDpcLevel(&SpinLock));
  KeReleaseSpinLockFromDpcLevel(&SpinLock);
  KeAcquireSpinLockAtDpcLevel(&SpinLock);
  KeReleaseSpinLock(&SpinLock, OldIrql);
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL);
  OldIrql = KeAcquireSpinLockRaiseToDpc(&SpinLock);
  EXPECT(OldIrql == PASSIVE_LEVEL);
  KeReleaseSpinLock(&SpinLock, OldIrql);
  OldIrql = KeAcquireSpinLockRaiseToSynch(&SpinLock);
  EXPECT(KeGetCurrentIrql() > DISPATCH_LEVEL);
  KeReleaseSpinLock(&SpinLock, OldIrql);
  OldIrql = KeRaiseIrqlToSynchLevel();
  EXPECT(OldIrql == PASSIVE_LEVEL && KeGetCurrentIrql() > DISPATCH_LEVEL);
  KeLowerIrql(OldIrql);
}

static VOID CheckQueued(VOID) {
  KLOCK_QUEUE_HANDLE Handle;
  KIRQL OldIrql;

  KeAcquireInStackQueuedSpinLock(&QueuedLock, &Handle);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL && Handle.OldIrql == PASSIVE_LEVEL);
  KeReleaseInStackQueuedSpinLock(&Handle);
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL);
  KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
  KeAcquireInStackQueuedSpinLockAtDpcLevel(&QueuedLock, &Handle);
  KeReleaseInStackQueuedSpinLockFromDpcLevel(&Handle);
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(OldIrql);
  KeAcquireInStackQueuedSpinLockRaiseToSynch(&QueuedLock, &Handle);
  EXPECT(KeGetCurrentIrql() > DISPATCH_LEVEL);
  KeReleaseInStackQueuedSpinLock(&Handle);
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

static VOID CheckReadersAndWriters(VOID) {
  KIRQL OldIrql = ExAcquireSpinLockShared(&ReaderWriterLock);

  EXPECT(OldIrql == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
  ExAcquireSpinLockSharedAtDpcLevel(&ReaderWriterLock);
  EXPECT(!ExTryAcquireSpinLockExclusiveAtDpcLevel(&ReaderWriterLock));
  EXPECT(!ExTryConvertSharedSpinLockExclusive(&ReaderWriterLock));
  EXPECT(ExTryAcquireSpinLockSharedAtDpcLevel(&ReaderWriterLock));
  ExReleaseSpinLockSharedFromDpcLevel(&ReaderWriterLock);
  ExReleaseSpinLockSharedFromDpcLevel(&ReaderWriterLock);
  EXPECT(ExTryConvertSharedSpinLockExclusive(&ReaderWriterLock));
  EXPECT(!ExTryAcquireSpinLockSharedAtDpcLevel(&ReaderWriterLock));
  ExReleaseSpinLockExclusiveFromDpcLevel(&ReaderWriterLock);
  EXPECT(ExTryAcquireSpinLockExclusiveAtDpcLevel(&ReaderWriterLock));
  ExReleaseSpinLockExclusiveFromDpcLevel(&ReaderWriterLock);
  ExAcquireSpinLockExclusiveAtDpcLevel(&ReaderWriterLock);
  EXPECT(!ExTryAcquireSpinLockExclusiveAtDpcLevel(&ReaderWriterLock));
  ExReleaseSpinLockExclusive(&ReaderWriterLock, OldIrql);
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL && ReaderWriterLock == 0);
}

_Use_decl_annotations_ VOID SpinLocksUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = SpinLocksUnload;
  KeInitializeSpinLock(&SpinLock);
  KeInitializeSpinLock(&QueuedLock);
  CheckPlain();
  CheckQueued();
  CheckReadersAndWriters();
  CheckTogether(AddByPlain, AddByPlainAtDpc);
  CheckTogether(AddByQueued, AddByQueued);
  CheckTogether(AddByWriter, AddByConversion);
  return ExpectationsStatus();
}
