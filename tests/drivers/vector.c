/* Vector code and floating point: what is in the registers stays there over calls, waits, changes
   of the level, and DPCs and threads that use them too. DriverEntry fails if something got lost. */
#include <emmintrin.h>
#include <ntddk.h>

#define THREADS 3
#define ROUNDS 20
#define BLOCK 64

typedef struct _WORKER {
  PVOID Thread;
  LONG Number;
} WORKER, *PWORKER;

DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD VectorUnload;
KSTART_ROUTINE VectorWork;
KDEFERRED_ROUTINE VectorDpc;

static volatile LONG Wrong, DpcsRun;

/* The sum of the squares of Start, Start + 1, ... as four columns that are added up in the end. */
static LONG64 SumOfSquares(LONG Start, ULONG Count) {
  __m128i Sum = _mm_setzero_si128(), Value = _mm_set_epi32(0, Start + 1, 0, Start);
  const __m128i Step = _mm_set_epi32(0, 2, 0, 2);
  LONG64 Columns[2];
  ULONG I;

  for (I = 0; I < Count; I += 2) {
    Sum = _mm_add_epi64(Sum, _mm_mul_epu32(Value, Value));
    Value = _mm_add_epi64(Value, Step);
  }
  _mm_storeu_si128((__m128i*)Columns, Sum);
  return Columns[0] + Columns[1];
}

static LONG64 SumOfSquaresByHand(LONG Start, ULONG Count) {
  LONG64 Sum = 0;
  ULONG I;

  for (I = 0; I < Count; ++I) Sum += ((LONG64)Start + I) * ((LONG64)Start + I);
  return Sum;
}

/* Uses the registers that whoever was interrupted had filled. */
_Use_decl_annotations_ VOID VectorDpc(PKDPC Dpc, PVOID DeferredContext, PVOID SystemArgument1,
                                      PVOID SystemArgument2) {
  UNREFERENCED_PARAMETER(Dpc);
  UNREFERENCED_PARAMETER(SystemArgument1);
  UNREFERENCED_PARAMETER(SystemArgument2);
  if (SumOfSquares(7, BLOCK) != SumOfSquaresByHand(7, BLOCK)) InterlockedIncrement(&Wrong);
  InterlockedIncrement(&DpcsRun);
  KeSetEvent(DeferredContext, IO_NO_INCREMENT, FALSE);
}

static VOID Pause(VOID) {
  LARGE_INTEGER Interval;

  Interval.QuadPart = -10000;
  KeDelayExecutionThread(KernelMode, FALSE, &Interval);
}

/* Everything that may let others run, one after the other. */
static VOID LetOthersRun(PKDPC Dpc, PKEVENT Event, ULONG Round) {
  KIRQL OldIrql;

  switch (Round % 4) {
    case 0:
      Pause();
      break;
    case 1:
      KeInsertQueueDpc(Dpc, NULL, NULL);
      KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
      break;
    case 2:
      KeRaiseIrql(DISPATCH_LEVEL, &OldIrql);
      KeInsertQueueDpc(Dpc, NULL, NULL);
      KeLowerIrql(OldIrql);
      KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
      break;
    default:
      ZwYieldExecution();
      break;
  }
}

/* More values than there are registers that survive a call: some are in registers, some spilled. */
static BOOLEAN KeepsValues(LONG Seed, PKDPC Dpc, PKEVENT Event) {
  __m128i Integers = _mm_set_epi32(Seed, Seed + 1, Seed + 2, Seed + 3);
  __m128d Doubles = _mm_set_pd(Seed * .5, Seed * .25);
  double A = Seed + .5, B = Seed * 2., C = Seed * 3., D = Seed * 4., E = Seed * 5., F = Seed * 6.;
  LONG Lanes[4];
  double Halves[2];
  ULONG Round;

  for (Round = 0; Round < ROUNDS; ++Round) {
    LetOthersRun(Dpc, Event, Round);
    Integers = _mm_add_epi32(Integers, _mm_set1_epi32(1));
    Doubles = _mm_add_pd(Doubles, _mm_set1_pd(1.));
    A += 1.;
    B += A;
    C -= 1.;
    D += C;
    E *= 1.;
    F += 2.;
  }
  _mm_storeu_si128((__m128i*)Lanes, Integers);
  _mm_storeu_pd(Halves, Doubles);
  return Lanes[0] == Seed + 3 + ROUNDS && Lanes[3] == Seed + ROUNDS &&
         Halves[0] == Seed * .25 + ROUNDS && Halves[1] == Seed * .5 + ROUNDS &&
         A == Seed + .5 + ROUNDS &&
         B == Seed * 2. + ROUNDS * (Seed + .5) + ROUNDS * (ROUNDS + 1) / 2 &&
         C == Seed * 3. - ROUNDS &&
         D == Seed * 4. + ROUNDS * (Seed * 3.) - ROUNDS * (ROUNDS + 1) / 2 && E == Seed * 5. &&
         F == Seed * 6. + 2. * ROUNDS;
}

_Use_decl_annotations_ VOID VectorWork(PVOID StartContext) {
  PWORKER Worker = StartContext;
  KFLOATING_SAVE Save;
  KEVENT Event;
  KDPC Dpc;

  KeInitializeEvent(&Event, SynchronizationEvent, FALSE);
  KeInitializeDpc(&Dpc, VectorDpc, &Event);
  if (NT_SUCCESS(KeSaveFloatingPointState(&Save))) {
    if (!KeepsValues(Worker->Number * 1000, &Dpc, &Event)) InterlockedIncrement(&Wrong);
    KeRestoreFloatingPointState(&Save);
  }
  PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS Start(PWORKER Worker) {
  HANDLE Handle;
  NTSTATUS Status =
      PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, VectorWork, Worker);

  if (!NT_SUCCESS(Status)) return Status;
  Status = ObReferenceObjectByHandle(Handle, SYNCHRONIZE, *PsThreadType, KernelMode,
                                     &Worker->Thread, NULL);
  ZwClose(Handle);
  return Status;
}

_Use_decl_annotations_ VOID VectorUnload(PDRIVER_OBJECT DriverObject) {
  UNREFERENCED_PARAMETER(DriverObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject,
                                            PUNICODE_STRING RegistryPath) {
  WORKER Workers[THREADS];
  NTSTATUS Status = STATUS_SUCCESS;
  LONG Started, I;

  UNREFERENCED_PARAMETER(RegistryPath);
  DriverObject->DriverUnload = VectorUnload;
  for (Started = 0; Started < THREADS; ++Started) {
    Workers[Started].Number = Started + 1;
    Status = Start(&Workers[Started]);
    if (!NT_SUCCESS(Status)) break;
  }
  for (I = 0; I < Started; ++I) {
    KeWaitForSingleObject(Workers[I].Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Workers[I].Thread);
  }
  if (!NT_SUCCESS(Status)) return Status;
  KeFlushQueuedDpcs();
  return Wrong == 0 && DpcsRun == THREADS * ROUNDS / 2 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
