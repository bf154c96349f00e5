/* Rundown protection: of one count, and of one for each processor. */
#define FAMILY "rundown"
#include "threads.h"

#define RUNDOWN_TAG 'nwdR'

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD RundownUnload;
KSTART_ROUTINE RunningDownThread;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, RundownUnload)
#endif

/* What somebody takes away while others use it. */
typedef struct _USED {
  EX_RUNDOWN_REF Plain;
  PEX_RUNDOWN_REF_CACHE_AWARE CacheAware; /* in the place of the other unless NULL */
} USED, *PUSED;

static BOOLEAN Protect(PUSED Used) {
  return Used->CacheAware != NULL ? ExAcquireRundownProtectionCacheAware(Used->CacheAware)
                                  : ExAcquireRundownProtection(&Used->Plain);
}

static VOID Unprotect(PUSED Used) {
  if (Used->CacheAware != NULL) {
    ExReleaseRundownProtectionCacheAware(Used->CacheAware);
  } else {
    ExReleaseRundownProtection(&Used->Plain);
  }
}

_Use_decl_annotations_ VOID RunningDownThread(PVOID Context) {
  PUSED Used = Context;

  if (Used->CacheAware != NULL) {
    ExWaitForRundownProtectionReleaseCacheAware(Used->CacheAware);
  } else {
    ExWaitForRundownProtectionRelease(&Used->Plain);
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

/* Somebody runs it down who waits for us; then nobody gets it any more. */
static VOID CheckRundown(PUSED Used) {
  PETHREAD Thread;

  if (!EXPECT(Protect(Used))) return;
  Thread = StartThread(RunningDownThread, Used);
  if (Thread != NULL) {
    while (Protect(Used)) { /* until the other has begun */
      LARGE_INTEGER Interval = Milliseconds(1);

      Unprotect(Used);
      KeDelayExecutionThread(KernelMode, FALSE, &Interval);
    }
    EXPECT(WaitFor(Thread, 1) == STATUS_TIMEOUT);
  }
  Unprotect(Used);
  JoinThread(Thread);
  EXPECT(!Protect(Used));
}

static VOID CheckPlain(VOID) {
  USED Used;

  Used.CacheAware = NULL;
  ExInitializeRundownProtection(&Used.Plain);
  EXPECT(ExAcquireRundownProtectionEx(&Used.Plain, 3));
  ExReleaseRundownProtectionEx(&Used.Plain, 2);
  ExReleaseRundownProtection(&Used.Plain);
  CheckRundown(&Used);
  ExRundownCompleted(&Used.Plain);
  EXPECT(!ExAcquireRundownProtectionEx(&Used.Plain, 2));
  ExReInitializeRundownProtection(&Used.Plain);
  CheckRundown(&Used);
}

static VOID CheckCacheAware(PUSED Used) {
  EXPECT(ExAcquireRundownProtectionCacheAwareEx(Used->CacheAware, 2));
  ExReleaseRundownProtectionCacheAware(Used->CacheAware);
  ExReleaseRundownProtectionCacheAwareEx(Used->CacheAware, 1);
  CheckRundown(Used);
  ExRundownCompletedCacheAware(Used->CacheAware);
  EXPECT(!ExAcquireRundownProtectionCacheAwareEx(Used->CacheAware, 1));
  ExReInitializeRundownProtectionCacheAware(Used->CacheAware);
  CheckRundown(Used);
}

static VOID CheckBothPlacesOfCacheAware(VOID) {
  USED Used;
  SIZE_T Size = ExSizeOfRundownProtectionCacheAware();

  Used.CacheAware = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, RUNDOWN_TAG);
  if (EXPECT(Used.CacheAware != NULL)) {
    CheckCacheAware(&Used);
    ExFreeCacheAwareRundownProtection(Used.CacheAware);
  }
  Used.CacheAware = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, RUNDOWN_TAG);
  if (EXPECT(Used.CacheAware != NULL)) {
    ExInitializeRundownProtectionCacheAware(Used.CacheAware, Size);
    CheckCacheAware(&Used);
    ExFreePoolWithTag(Used.CacheAware, RUNDOWN_TAG);
  }
}

_Use_decl_annotations_ VOID RundownUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = RundownUnload;
  CheckPlain();
  CheckBothPlacesOfCacheAware();
  return ExpectationsStatus();
}
