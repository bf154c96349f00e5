/* Events, semaphores, mutexes and mutants, waits for several of them, and the regions that keep
   APCs away. */
#define FAMILY "sync"
#include "threads.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD SyncUnload;
KSTART_ROUTINE PulsedThread;
KSTART_ROUTINE AnsweringThread;
KSTART_ROUTINE TryingThread;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, SyncUnload)
#endif

typedef struct _QUESTION {
  KEVENT Asked;
  KEVENT Answered;
} QUESTION, *PQUESTION;

_Use_decl_annotations_ VOID PulsedThread(PVOID Context) {
  EXPECT(KeWaitForSingleObject(Context, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
  PsTerminateSystemThread(STATUS_SUCCESS);
}

_Use_decl_annotations_ VOID AnsweringThread(PVOID Context) {
  PQUESTION Question = Context;

  EXPECT(WaitFor(&Question->Asked, 60000) == STATUS_SUCCESS);
  KeSetEvent(&Question->Answered, EVENT_INCREMENT, FALSE);
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID CheckEvents(VOID) {
  KEVENT Notification, Synchronization;
  PETHREAD Thread;
  QUESTION Question;

  KeInitializeEvent(&Notification, NotificationEvent, FALSE);
  KeInitializeEvent(&Synchronization, SynchronizationEvent, TRUE);
  EXPECT(KeReadStateEvent(&Notification) == 0 && KeReadStateEvent(&Synchronization) != 0);
  EXPECT(WaitFor(&Notification, 1) == STATUS_TIMEOUT);
  EXPECT(KeSetEvent(&Notification, IO_NO_INCREMENT, FALSE) == 0);
  EXPECT(KeSetEvent(&Notification, IO_NO_INCREMENT, FALSE) != 0);
  EXPECT(WaitFor(&Notification, 0) == STATUS_SUCCESS);
  EXPECT(WaitFor(&Notification, 0) == STATUS_SUCCESS);
  EXPECT(KeResetEvent(&Notification) != 0 && KeResetEvent(&Notification) == 0);
  KeSetEvent(&Notification, IO_NO_INCREMENT, FALSE);
  KeClearEvent(&Notification);
  EXPECT(KeReadStateEvent(&Notification) == 0);
  EXPECT(WaitFor(&Synchronization, 0) == STATUS_SUCCESS);
  EXPECT(WaitFor(&Synchronization, 0) == STATUS_TIMEOUT);

  EXPECT(KePulseEvent(&Notification, IO_NO_INCREMENT, FALSE) == 0);
  EXPECT(KeReadStateEvent(&Notification) == 0);
  Thread = StartThread(PulsedThread, &Notification);
  if (Thread != NULL) {
    do { /* until one finds it waiting */
      KePulseEvent(&Notification, IO_NO_INCREMENT, FALSE);
    } while (WaitFor(Thread, 1) == STATUS_TIMEOUT);
    EXPECT(KeReadStateEvent(&Notification) == 0);
  }
  JoinThread(Thread);

  KeInitializeEvent(&Question.Asked, SynchronizationEvent, FALSE);
  KeInitializeEvent(&Question.Answered, SynchronizationEvent, FALSE);
  Thread = StartThread(AnsweringThread, &Question);
  if (Thread != NULL) {
    KeSetEvent(&Question.Asked, IO_NO_INCREMENT, TRUE);
    EXPECT(WaitFor(&Question.Answered, 60000) == STATUS_SUCCESS);
  }
  JoinThread(Thread);
}

static VOID CheckSemaphores(VOID) {
  KSEMAPHORE Semaphore;
  NTSTATUS Raised = STATUS_SUCCESS;

  KeInitializeSemaphore(&Semaphore, 1, 3);
  EXPECT(KeReadStateSemaphore(&Semaphore) == 1);
  EXPECT(KeReleaseSemaphore(&Semaphore, IO_NO_INCREMENT, 2, FALSE) == 1);
  EXPECT(KeReadStateSemaphore(&Semaphore) == 3);
  __try {
    KeReleaseSemaphore(&Semaphore, IO_NO_INCREMENT, 1, FALSE);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    Raised = GetExceptionCode();
  }
  EXPECT(Raised == STATUS_SEMAPHORE_LIMIT_EXCEEDED && KeReadStateSemaphore(&Semaphore) == 3);
  for (LONG Left = 2; Left >= 0; --Left) {
    EXPECT(WaitFor(&Semaphore, 0) == STATUS_SUCCESS && KeReadStateSemaphore(&Semaphore) == Left);
  }
  EXPECT(WaitFor(&Semaphore, 1) == STATUS_TIMEOUT);
}

static VOID CheckMutexes(VOID) {
  KMUTEX Mutex;
  KMUTANT Mutant;
  NTSTATUS Raised = STATUS_SUCCESS;

  KeInitializeMutex(&Mutex, 0);
  EXPECT(KeReadStateMutex(&Mutex) == 1 && !KeAreApcsDisabled());
  EXPECT(KeWaitForMutexObject(&Mutex, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
  EXPECT(KeReadStateMutex(&Mutex) == 0 && KeAreApcsDisabled());
  EXPECT(WaitFor(&Mutex, 0) == STATUS_SUCCESS && KeReadStateMutex(&Mutex) == -1);
  EXPECT(KeReleaseMutex(&Mutex, FALSE) == -1 && KeAreApcsDisabled());
  EXPECT(KeReleaseMutex(&Mutex, FALSE) == 0 && KeReadStateMutex(&Mutex) == 1);
  EXPECT(!KeAreApcsDisabled());
  __try {
    KeReleaseMutex(&Mutex, FALSE);
  } __except (GetExceptionCode() == STATUS_MUTANT_NOT_OWNED ? EXCEPTION_EXECUTE_HANDLER
                                                            : EXCEPTION_CONTINUE_SEARCH) {
    Raised = GetExceptionCode();
  }
  EXPECT(Raised == STATUS_MUTANT_NOT_OWNED);

  KeInitializeMutant(&Mutant, TRUE);
  EXPECT(KeReadStateMutex(&Mutant) == 0 && !KeAreApcsDisabled());
  EXPECT(KeReleaseMutant(&Mutant, MUTANT_INCREMENT, TRUE, FALSE) == 0);
  EXPECT(WaitFor(&Mutant, 0) == STATUS_ABANDONED && WaitFor(&Mutant, 0) == STATUS_SUCCESS);
  EXPECT(KeReleaseMutant(&Mutant, MUTANT_INCREMENT, FALSE, FALSE) == -1);
  EXPECT(KeReleaseMutant(&Mutant, MUTANT_INCREMENT, FALSE, FALSE) == 0);
}

static VOID CheckWaitsForSeveral(VOID) {
  KEVENT Events[5];
  KWAIT_BLOCK WaitBlocks[5];
  KMUTEX Mutex;
  PVOID Three[THREAD_WAIT_OBJECTS], Five[5];
  LARGE_INTEGER Zero = Milliseconds(0), Soon = Milliseconds(1);

  for (ULONG Index = 0; Index < ARRAYSIZE(Events); ++Index) {
    KeInitializeEvent(&Events[Index], SynchronizationEvent, FALSE);
    Five[Index] = &Events[Index];
  }
  KeInitializeMutex(&Mutex, 0);
  Three[0] = &Events[0];
  Three[1] = &Events[1];
  Three[2] = &Mutex;
  EXPECT(KeWaitForMultipleObjects(3, Three, WaitAll, Executive, KernelMode, FALSE, &Soon, NULL) ==
         STATUS_TIMEOUT);
  EXPECT(KeReadStateMutex(&Mutex) == 1);
  EXPECT(KeWaitForMultipleObjects(3, Three, WaitAny, Executive, KernelMode, FALSE, NULL, NULL) ==
         STATUS_WAIT_2);
  EXPECT(KeReleaseMutex(&Mutex, FALSE) == 0);
  KeSetEvent(&Events[0], IO_NO_INCREMENT, FALSE);
  KeSetEvent(&Events[1], IO_NO_INCREMENT, FALSE);
  EXPECT(KeWaitForMultipleObjects(3, Three, WaitAll, Executive, KernelMode, FALSE, &Zero, NULL) ==
         STATUS_SUCCESS);
  EXPECT(KeReadStateEvent(&Events[0]) == 0 && KeReadStateMutex(&Mutex) == 0);
  EXPECT(KeReleaseMutex(&Mutex, FALSE) == 0);
  KeSetEvent(&Events[4], IO_NO_INCREMENT, FALSE);
  EXPECT(KeWaitForMultipleObjects(5, Five, WaitAny, Executive, KernelMode, FALSE, NULL,
                                  WaitBlocks) == STATUS_WAIT_0 + 4);
  EXPECT(KeWaitForMultipleObjects(5, Five, WaitAny, Executive, KernelMode, FALSE, &Zero,
                                  WaitBlocks) == STATUS_TIMEOUT);
}

static VOID CheckRegions(VOID) {
  EXPECT(!KeAreApcsDisabled() && !KeAreAllApcsDisabled());
  KeEnterCriticalRegion();
  KeEnterCriticalRegion();
  KeLeaveCriticalRegion();
  EXPECT(KeAreApcsDisabled() && !KeAreAllApcsDisabled());
  KeLeaveCriticalRegion();
  EXPECT(!KeAreApcsDisabled());
  KeEnterGuardedRegion();
  EXPECT(KeAreApcsDisabled() && KeAreAllApcsDisabled() && KeGetCurrentIrql() == PASSIVE_LEVEL);
  KeLeaveGuardedRegion();
  EXPECT(!KeAreAllApcsDisabled());
}

typedef struct _TRIED {
  KGUARDED_MUTEX Mutex;
  BOOLEAN Fast;
  BOOLEAN Taken;
} TRIED, *PTRIED;

_Use_decl_annotations_ VOID TryingThread(PVOID Context) {
  PTRIED Tried = Context;

  if (Tried->Fast) {
    Tried->Taken = ExTryToAcquireFastMutex(&Tried->Mutex);
    if (Tried->Taken) ExReleaseFastMutex(&Tried->Mutex);
  } else {
    Tried->Taken = KeTryToAcquireGuardedMutex(&Tried->Mutex);
    if (Tried->Taken) KeReleaseGuardedMutex(&Tried->Mutex);
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID CheckFastAndGuardedMutexes(VOID) {
  TRIED Tried;

  RtlZeroMemory(&Tried, sizeof(Tried));
  KeInitializeGuardedMutex(&Tried.Mutex);
  KeAcquireGuardedMutex(&Tried.Mutex);
  EXPECT(KeAreAllApcsDisabled());
  JoinThread(StartThread(TryingThread, &Tried));
  EXPECT(!Tried.Taken);
  KeReleaseGuardedMutex(&Tried.Mutex);
  EXPECT(!KeAreAllApcsDisabled());
  JoinThread(StartThread(TryingThread, &Tried));
  EXPECT(Tried.Taken);
  KeEnterGuardedRegion();
  KeAcquireGuardedMutexUnsafe(&Tried.Mutex);
  EXPECT(!KeTryToAcquireGuardedMutex(&Tried.Mutex));
  KeReleaseGuardedMutexUnsafe(&Tried.Mutex);
  KeLeaveGuardedRegion();

  Tried.Fast = TRUE;
  ExInitializeFastMutex(&Tried.Mutex);
  ExAcquireFastMutex(&Tried.Mutex);
  EXPECT(KeGetCurrentIrql() == APC_LEVEL);
  ExReleaseFastMutex(&Tried.Mutex);
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL);
  KeEnterCriticalRegion();
  ExAcquireFastMutexUnsafe(&Tried.Mutex);
  EXPECT(KeGetCurrentIrql() == PASSIVE_LEVEL);
  JoinThread(StartThread(TryingThread, &Tried));
  EXPECT(!Tried.Taken);
  ExReleaseFastMutexUnsafe(&Tried.Mutex);
  KeLeaveCriticalRegion();
  JoinThread(StartThread(TryingThread, &Tried));
  EXPECT(Tried.Taken);
}

_Use_decl_annotations_ VOID SyncUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = SyncUnload;
  CheckEvents();
  CheckSemaphores();
  CheckMutexes();
  CheckWaitsForSeveral();
  CheckRegions();
  CheckFastAndGuardedMutexes();
  return ExpectationsStatus();
}
