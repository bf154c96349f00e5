/* Executive resources and push locks: who shares one, who has it alone, who waits. */
#define FAMILY "resources"
#include "threads.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD ResourcesUnload;
KSTART_ROUTINE AttemptingThread;
KSTART_ROUTINE WaitingWriter;
KSTART_ROUTINE WaitingReader;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, ResourcesUnload)
#endif

static ERESOURCE Resource;
static EX_PUSH_LOCK PushLock;

typedef enum _HOW {
  Exclusive,
  ExclusiveTry,
  Shared,
  SharedStarve,
  SharedWait,
  PushExclusive,
  PushShared
} HOW;

typedef struct _ATTEMPT {
  HOW How;
  BOOLEAN Got;
} ATTEMPT, *PATTEMPT;

static BOOLEAN Acquire(HOW How) {
  switch (How) {
    case Exclusive:
      return ExAcquireResourceExclusiveLite(&Resource, FALSE);
    case ExclusiveTry:
      return ExTryToAcquireResourceExclusiveLite(&Resource);
    case Shared:
      return ExAcquireResourceSharedLite(&Resource, FALSE);
    case SharedStarve:
      return ExAcquireSharedStarveExclusive(&Resource, FALSE);
    case SharedWait:
      return ExAcquireSharedWaitForExclusive(&Resource, FALSE);
    case PushExclusive:
      return ExTryAcquirePushLockExclusive(&PushLock);
    default:
      return ExTryAcquirePushLockShared(&PushLock);
  }
}

/* Tries, and lets go of what it got. */
_Use_decl_annotations_ VOID AttemptingThread(PVOID Context) {
  PATTEMPT Attempt = Context;

  KeEnterCriticalRegion();
  Attempt->Got = Acquire(Attempt->How);
  if (!Attempt->Got) {
    KeLeaveCriticalRegion();
  } else if (Attempt->How == PushExclusive) {
    ExReleasePushLockExclusive(&PushLock);
    KeLeaveCriticalRegion();
  } else if (Attempt->How == PushShared) {
    ExReleasePushLockShared(&PushLock);
    KeLeaveCriticalRegion();
  } else {
    ExReleaseResourceAndLeaveCriticalRegion(&Resource);
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static BOOLEAN AnotherGets(HOW How) {
  ATTEMPT Attempt = {How, FALSE};

  JoinThread(StartThread(AttemptingThread, &Attempt));
  return Attempt.Got;
}

_Use_decl_annotations_ VOID WaitingWriter(PVOID Context) {
  UNREFERENCED_PARAMETER(Context);
  ExEnterCriticalRegionAndAcquireResourceExclusive(&Resource);
  EXPECT(ExIsResourceAcquiredExclusiveLite(&Resource));
  ExReleaseResourceAndLeaveCriticalRegion(&Resource);
  PsTerminateSystemThread(STATUS_SUCCESS);
}

_Use_decl_annotations_ VOID WaitingReader(PVOID Context) {
  UNREFERENCED_PARAMETER(Context);
  ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(&Resource);
  EXPECT(!ExIsResourceAcquiredExclusiveLite(&Resource));
  EXPECT(ExIsResourceAcquiredSharedLite(&Resource) == 1);
  ExReleaseResourceAndLeaveCriticalRegion(&Resource);
  PsTerminateSystemThread(STATUS_SUCCESS);
}

/* In a critical region. */
static VOID WaitUntil(ULONG(NTAPI* Count)(PERESOURCE), ULONG Waiters) {
  LARGE_INTEGER Interval = Milliseconds(1);

  while (Count(&Resource) != Waiters) KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

static VOID CheckOwners(VOID) {
  ULONG_PTR Owner = (ULONG_PTR)&Resource | 3;

  KeEnterCriticalRegion();
  EXPECT(ExAcquireResourceExclusiveLite(&Resource, TRUE));
  EXPECT(ExAcquireResourceExclusiveLite(&Resource, FALSE));
  EXPECT(ExIsResourceAcquiredExclusiveLite(&Resource));
  EXPECT(ExIsResourceAcquiredSharedLite(&Resource) == 2);
  EXPECT(!AnotherGets(Exclusive) && !AnotherGets(ExclusiveTry) && !AnotherGets(Shared));
  ExReleaseResourceLite(&Resource);
  EXPECT(!AnotherGets(SharedStarve));
  ExConvertExclusiveToSharedLite(&Resource);
  EXPECT(!ExIsResourceAcquiredExclusiveLite(&Resource) && AnotherGets(Shared));
  EXPECT(!AnotherGets(ExclusiveTry));
  ExReleaseResourceForThreadLite(&Resource, ExGetCurrentResourceThread());
  EXPECT(ExIsResourceAcquiredSharedLite(&Resource) == 0 && AnotherGets(ExclusiveTry));

  EXPECT(ExAcquireResourceSharedLite(&Resource, TRUE));
  ExSetResourceOwnerPointer(&Resource, (PVOID)Owner);
  EXPECT(ExIsResourceAcquiredSharedLite(&Resource) == 0 && !AnotherGets(Exclusive));
  ExReleaseResourceForThreadLite(&Resource, Owner);
  EXPECT(ExAcquireResourceExclusiveLite(&Resource, TRUE));
  ExSetResourceOwnerPointerEx(&Resource, (PVOID)((ULONG_PTR)KeGetCurrentThread() | 3),
                              FLAG_OWNER_POINTER_IS_THREAD);
  EXPECT(!AnotherGets(Shared));
  ExReleaseResourceForThreadLite(&Resource, (ULONG_PTR)KeGetCurrentThread() | 3);
  EXPECT(AnotherGets(Exclusive));
  KeLeaveCriticalRegion();
}

static VOID CheckWaiters(VOID) {
  PETHREAD Writer, Reader;

  ExEnterCriticalRegionAndAcquireResourceShared(&Resource);
  EXPECT(KeAreApcsDisabled() && ExGetExclusiveWaiterCount(&Resource) == 0);
  Writer = StartThread(WaitingWriter, NULL);
  if (Writer != NULL) {
    WaitUntil(ExGetExclusiveWaiterCount, 1);
    /* Who comes now gets it by one of them only. */
    EXPECT(!AnotherGets(Shared) && !AnotherGets(SharedWait) && AnotherGets(SharedStarve));
    EXPECT(ExAcquireResourceSharedLite(&Resource, TRUE)); /* again, as it has it */
    EXPECT(ExIsResourceAcquiredSharedLite(&Resource) == 2);
    ExReleaseResourceLite(&Resource);
  }
  Reader = StartThread(WaitingReader, NULL);
  if (Reader != NULL) WaitUntil(ExGetSharedWaiterCount, 1);
  ExReleaseResourceAndLeaveCriticalRegion(&Resource);
  JoinThread(Writer);
  JoinThread(Reader);
  EXPECT(!KeAreApcsDisabled());
  EXPECT(ExGetExclusiveWaiterCount(&Resource) == 0 && ExGetSharedWaiterCount(&Resource) == 0);
}

static VOID CheckPushLocks(VOID) {
  ExInitializePushLock(&PushLock);
  KeEnterCriticalRegion();
  ExAcquirePushLockExclusive(&PushLock);
  EXPECT(!AnotherGets(PushExclusive) && !AnotherGets(PushShared));
  ExReleasePushLockExclusive(&PushLock);
  EXPECT(AnotherGets(PushExclusive));
  ExAcquirePushLockShared(&PushLock);
  EXPECT(!AnotherGets(PushExclusive) && AnotherGets(PushShared));
  ExReleasePushLockShared(&PushLock);
  EXPECT(ExTryAcquirePushLockExclusiveEx(&PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS));
  EXPECT(!AnotherGets(PushShared));
  ExReleasePushLockExclusiveEx(&PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS);
  EXPECT(ExTryAcquirePushLockSharedEx(&PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS));
  ExReleasePushLockSharedEx(&PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS);
  ExAcquirePushLockExclusiveEx(&PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS);
  ExReleasePushLockExclusiveEx(&PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS);
  ExAcquirePushLockSharedEx(&PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS);
  ExReleasePushLockSharedEx(&PushLock, EX_DEFAULT_PUSH_LOCK_FLAGS);
  EXPECT(AnotherGets(PushExclusive));
  KeLeaveCriticalRegion();
}

_Use_decl_annotations_ VOID ResourcesUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = ResourcesUnload;
  EXPECT(ExInitializeResourceLite(&Resource) == STATUS_SUCCESS);
  CheckOwners();
  CheckWaiters();
  EXPECT(ExReinitializeResourceLite(&Resource) == STATUS_SUCCESS);
  CheckWaiters();
  EXPECT(ExDeleteResourceLite(&Resource) == STATUS_SUCCESS);
  CheckPushLocks();
  return ExpectationsStatus();
}
