/* Ends the System, by what its name says. */
#include <ntddk.h>

#define NOINLINE __attribute__((noinline))

static NOINLINE VOID Fall(PVOID Place) { *(volatile LONG *)Place = 1; }

static KDEFERRED_ROUTINE OnDpc;
static VOID NTAPI OnDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) {
  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(Context);
  UNREFERENCED_PARAMETER(First);
  UNREFERENCED_PARAMETER(Second);
  ExRaiseStatus(STATUS_DEVICE_BUSY);
}

/* Nobody is asked but those inside of the DPC. */
static NOINLINE VOID InDpc(VOID) {
  static KDPC Dpc;
  KIRQL Irql = PASSIVE_LEVEL;
  KeInitializeDpc(&Dpc, OnDpc, NULL);
  __try {
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KeFlushQueuedDpcs();
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    DbgPrint("falls: not this one %d\n", Irql);
  }
}

static KSPIN_LOCK Lock;
static NOINLINE VOID AtDispatch(VOID) {
  KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Lock);
  __try {
    Fall((PVOID)0x10);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    DbgPrint("falls: not this one\n");
  }
  KeReleaseSpinLock(&Lock, Irql);
}

static NOINLINE VOID AtKernel(VOID) {
  __try {
    Fall((PVOID)0xFFFF900000000000);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    DbgPrint("falls: not this one\n");
  }
}

static VOID NTAPI Callout(PVOID Place) { Fall(Place); }
static NOINLINE VOID InCallout(VOID) {
  __try {
    KeExpandKernelStackAndCallout(Callout, (PVOID)0x10, 4096);
  } __except (EXCEPTION_EXECUTE_HANDLER) {
    DbgPrint("falls: not this one\n");
  }
}

static volatile LONG Deepest = MAXLONG;
static NOINLINE LONG Recurse(LONG Depth) {
  volatile char Room[1024];
  if (Depth == Deepest) return 0;
  Room[Depth & 1023] = (char)Depth;
  return Recurse(Depth + 1) + Room[(Depth + 1) & 1023];
}

static LONG Endless(PVOID Place) {
  Fall(Place);
  return EXCEPTION_EXECUTE_HANDLER;
}
static NOINLINE VOID InFilters(PVOID Place) {
  __try {
    Fall(Place);
  } __except (Endless(Place)) {
  }
}

static BOOLEAN Is(PUNICODE_STRING Name, PCWSTR Text) {
  UNICODE_STRING Other;
  RtlInitUnicodeString(&Other, Text);
  return RtlEqualUnicodeString(Name, &Other, FALSE);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT Driver, PUNICODE_STRING RegistryPath) {
  PUNICODE_STRING Name = &Driver->DriverExtension->ServiceKeyName;
  UNREFERENCED_PARAMETER(RegistryPath);
  if (Is(Name, L"fault")) Fall((PVOID)0x10);
  if (Is(Name, L"raise")) ExRaiseStatus(STATUS_DEVICE_BUSY);
  if (Is(Name, L"dpc")) InDpc();
  if (Is(Name, L"dispatch")) AtDispatch();
  if (Is(Name, L"kernel")) AtKernel();
  if (Is(Name, L"callout")) InCallout();
  if (Is(Name, L"stack")) return Recurse(0);
  if (Is(Name, L"filters")) InFilters((PVOID)0x10);
  return STATUS_SUCCESS;
}
