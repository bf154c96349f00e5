/* The kernel's timers and the executive's, and what time it is. */
#define FAMILY "timers"
#include "expect.h"

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD TimersUnload;
KDEFERRED_ROUTINE CountingDpc;
EXT_CALLBACK CountingCallback;
EXT_DELETE_CALLBACK GoneCallback;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, TimersUnload)
#endif

typedef struct _COUNTER {
  volatile LONG Count;
  KEVENT Thrice;
  KEVENT Gone;
} COUNTER, *PCOUNTER;

static VOID CountOne(PCOUNTER Counter) {
  EXPECT(KeGetCurrentIrql() == DISPATCH_LEVEL);
  if (InterlockedIncrement(&Counter->Count) == 3) {
    KeSetEvent(&Counter->Thrice, IO_NO_INCREMENT, FALSE);
  }
}

_Use_decl_annotations_ VOID CountingDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                        PVOID SystemArgument2) {
  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(SystemArgument1);
  UNREFERENCED_PARAMETER(SystemArgument2);
  CountOne(DeferredContext);
}

_Use_decl_annotations_ VOID CountingCallback(PEX_TIMER Timer, PVOID Context) {
  EXPECT(Timer != NULL);
  CountOne(Context);
}

_Use_decl_annotations_ VOID GoneCallback(PVOID Context) {
  KeSetEvent(&((PCOUNTER)Context)->Gone, IO_NO_INCREMENT, FALSE);
}

static VOID InitializeCounter(PCOUNTER Counter) {
  Counter->Count = 0;
  KeInitializeEvent(&Counter->Thrice, NotificationEvent, FALSE);
  KeInitializeEvent(&Counter->Gone, NotificationEvent, FALSE);
}

static VOID CheckKernelTimers(VOID) {
  KTIMER Timer;
  KDPC Dpc;
  COUNTER Counter;
  LARGE_INTEGER Due;
  LARGE_INTEGER Now;

  InitializeCounter(&Counter);
  KeInitializeDpc(&Dpc, CountingDpc, &Counter);
  KeInitializeTimer(&Timer);
  EXPECT(!KeReadStateTimer(&Timer) && !KeCancelTimer(&Timer));
  EXPECT(!KeSetTimer(&Timer, Milliseconds(60000), NULL));
  EXPECT(KeSetTimer(&Timer, Milliseconds(2), NULL));
  EXPECT(WaitFor(&Timer, 60000) == STATUS_SUCCESS && WaitFor(&Timer, 0) == STATUS_SUCCESS);
  EXPECT(KeReadStateTimer(&Timer));

  KeInitializeTimerEx(&Timer, SynchronizationTimer);
  EXPECT(!KeSetTimerEx(&Timer, Milliseconds(1), 2, &Dpc));
  EXPECT(WaitFor(&Counter.Thrice, 60000) == STATUS_SUCCESS);
  EXPECT(KeCancelTimer(&Timer) && !KeCancelTimer(&Timer));
  KeFlushQueuedDpcs();
  EXPECT(Counter.Count >= 3);
  EXPECT(WaitFor(&Timer, 0) == STATUS_SUCCESS && WaitFor(&Timer, 0) == STATUS_TIMEOUT);

  InitializeCounter(&Counter);
  EXPECT(!KeSetCoalescableTimer(&Timer, Milliseconds(1), 1, 1, &Dpc));
  EXPECT(WaitFor(&Counter.Thrice, 60000) == STATUS_SUCCESS && KeCancelTimer(&Timer));
  KeFlushQueuedDpcs();

  KeInitializeTimer(&Timer);
  KeQuerySystemTime(&Now);
  Due.QuadPart = Now.QuadPart + 20000;
  EXPECT(!KeSetTimer(&Timer, Due, NULL) && WaitFor(&Timer, 60000) == STATUS_SUCCESS);
  KeQuerySystemTime(&Now);
  EXPECT(Now.QuadPart >= Due.QuadPart);
}

static VOID CheckExecutiveTimers(VOID) {
  EXT_SET_PARAMETERS SetParameters;
  EXT_DELETE_PARAMETERS DeleteParameters;
  COUNTER Counter;
  PEX_TIMER Timer;

  InitializeCounter(&Counter);
  Timer = ExAllocateTimer(CountingCallback, &Counter, EX_TIMER_HIGH_RESOLUTION);
  if (!EXPECT(Timer != NULL)) return;
  EXPECT(!ExCancelTimer(Timer, NULL));
  EXPECT(!ExSetTimer(Timer, -600000000LL, 0, NULL) && ExCancelTimer(Timer, NULL));
  EXPECT(!ExSetTimer(Timer, -10000LL, 20000, NULL));
  EXPECT(WaitFor(&Counter.Thrice, 60000) == STATUS_SUCCESS);
  EXPECT(ExDeleteTimer(Timer, TRUE, TRUE, NULL));

  InitializeCounter(&Counter);
  Timer = ExAllocateTimer(NULL, NULL, EX_TIMER_NO_WAKE | EX_TIMER_NOTIFICATION);
  if (!EXPECT(Timer != NULL)) return;
  ExInitializeSetTimerParameters(&SetParameters);
  SetParameters.NoWakeTolerance = EX_TIMER_UNLIMITED_TOLERANCE;
  EXPECT(!ExSetTimer(Timer, -10000LL, 0, &SetParameters));
  EXPECT(WaitFor(Timer, 60000) == STATUS_SUCCESS && WaitFor(Timer, 0) == STATUS_SUCCESS);
  ExInitializeDeleteTimerParameters(&DeleteParameters);
  DeleteParameters.DeleteCallback = GoneCallback;
  DeleteParameters.DeleteContext = &Counter;
  EXPECT(!ExDeleteTimer(Timer, TRUE, FALSE, &DeleteParameters));
  EXPECT(WaitFor(&Counter.Gone, 60000) == STATUS_SUCCESS);
  KeFlushQueuedDpcs(); /* behind the routine that is this driver's */
}

static VOID CheckClocks(VOID) {
  LARGE_INTEGER Frequency = {{0, 0}};
  LARGE_INTEGER Ticks, LaterTicks, System, LaterSystem, Precise, Counter, LaterCounter, Local, Back;
  LARGE_INTEGER Interval = Milliseconds(50);
  ULONGLONG Interrupt, Unbiased, PreciseInterrupt;
  ULONG64 AtCounter = 0;
  ULONG Increment = KeQueryTimeIncrement();

  EXPECT(Increment >= 5000 && Increment <= 200000);
  KeQueryTickCount(&Ticks);
  KeQuerySystemTime(&System);
  Interrupt = KeQueryInterruptTime();
  Unbiased = KeQueryUnbiasedInterruptTime();
  Counter = KeQueryPerformanceCounter(&Frequency);
  EXPECT(Frequency.QuadPart > 0 && Unbiased <= KeQueryInterruptTime());
  EXPECT(KeDelayExecutionThread(KernelMode, FALSE, &Interval) == STATUS_SUCCESS);
  KeQueryTickCount(&LaterTicks);
  KeQuerySystemTime(&LaterSystem);
  KeQuerySystemTimePrecise(&Precise);
  PreciseInterrupt = KeQueryInterruptTimePrecise(&AtCounter);
  LaterCounter = KeQueryPerformanceCounter(NULL);
  EXPECT((LaterTicks.QuadPart - Ticks.QuadPart) * Increment >= 500000 - (LONG64)Increment);
  EXPECT(LaterSystem.QuadPart - System.QuadPart >= 500000 - (LONG64)Increment);
  EXPECT(Precise.QuadPart >= LaterSystem.QuadPart);
  EXPECT(PreciseInterrupt - Interrupt >= 500000 - (ULONG64)Increment);
  EXPECT(AtCounter >= (ULONG64)Counter.QuadPart && AtCounter <= (ULONG64)LaterCounter.QuadPart);
  EXPECT(LaterCounter.QuadPart - Counter.QuadPart >=
         (500000 - (LONG64)Increment) * Frequency.QuadPart / 10000000);
  KeStallExecutionProcessor(20);
  EXPECT(KeQueryPerformanceCounter(NULL).QuadPart > LaterCounter.QuadPart);
  ExSystemTimeToLocalTime(&System, &Local);
  ExLocalTimeToSystemTime(&Local, &Back);
  EXPECT(Back.QuadPart == System.QuadPart);
}

/* An hour on, and back. */
static VOID CheckSettingTheClock(VOID) {
  LARGE_INTEGER Now, Later, Again, Previous = {{0, 0}};

  KeQuerySystemTime(&Now);
  Later.QuadPart = Now.QuadPart + 36000000000;
  EXPECT(NT_SUCCESS(ZwSetSystemTime(&Later, &Previous)) && Previous.QuadPart >= Now.QuadPart);
  KeQuerySystemTime(&Again);
  EXPECT(Again.QuadPart >= Later.QuadPart);
  Again.QuadPart -= 36000000000;
  EXPECT(NT_SUCCESS(ZwSetSystemTime(&Again, NULL)));
  KeQuerySystemTime(&Now);
  EXPECT(Now.QuadPart < Later.QuadPart);
}

_Use_decl_annotations_ VOID TimersUnload(PDRIVER_OBJECT DriverObject) {
  PAGED_CODE();
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = TimersUnload;
  CheckKernelTimers();
  CheckExecutiveTimers();
  CheckClocks();
  CheckSettingTheClock();
  return ExpectationsStatus();
}
