// Levels that routines return, restore or insist on, and the ends of ranges: what mutants of ke
// showed to be unwatched.
//   [MSDN KeAcquireSpinLock, ExAcquireSpinLockShared, KeSetPriorityThread, KeSetTargetProcessorDpc]
#include <nt/ex.h>

#include "support.hpp"

#include <initializer_list>

using namespace mica::test;

namespace {

// From APC_LEVEL: a level that no routine returns by chance.
template <class Body>
void at_apc_level(Body body) {
  KIRQL old;
  KeRaiseIrql(APC_LEVEL, &old);
  body();
  MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
  KeLowerIrql(old);
}

bool violates(Bugcheck const& end, ULONG_PTR rule) {
  return end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION &&
         end.parameters[0] == rule;
}

}  // namespace

MICA_CASE("Ke: spin locks return the level they were taken at") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  at_apc_level([&] {
    KIRQL const old = KeAcquireSpinLockRaiseToDpc(&lock);
    MICA_CHECK(old == APC_LEVEL);
    KeReleaseSpinLock(&lock, old);
  });
  at_apc_level([&] {
    KIRQL const old = KeAcquireSpinLockRaiseToSynch(&lock);
    MICA_CHECK(old == APC_LEVEL);
    KeReleaseSpinLock(&lock, old);
  });
}

MICA_CASE("Ke: reader-writer spin locks return the level they were taken at") {
  EX_SPIN_LOCK lock = 0;
  at_apc_level([&] {
    KIRQL const old = ExAcquireSpinLockShared(&lock);
    MICA_CHECK(old == APC_LEVEL);
    ExReleaseSpinLockShared(&lock, old);
  });
  at_apc_level([&] {
    KIRQL const old = ExAcquireSpinLockExclusive(&lock);
    MICA_CHECK(old == APC_LEVEL);
    ExReleaseSpinLockExclusive(&lock, old);
  });
}

MICA_CASE("Ke: trying a reader-writer spin lock below DISPATCH_LEVEL is a violation") {
  EX_SPIN_LOCK lock = 0;
  MICA_CHECK(violates(bugcheck_of([&] { ExTryAcquireSpinLockSharedAtDpcLevel(&lock); }), 0x40));
  MICA_CHECK(violates(bugcheck_of([&] { ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock); }), 0x40));
  MICA_CHECK(violates(bugcheck_of([&] { ExTryConvertSharedSpinLockExclusive(&lock); }), 0x40));
}

MICA_CASE("Ke: a queued spin lock that raises to SYNCH_LEVEL is held, and not taken above it") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  KLOCK_QUEUE_HANDLE handle;
  KeAcquireInStackQueuedSpinLockRaiseToSynch(&lock, &handle);
  MICA_CHECK(lock != 0);
  KeReleaseInStackQueuedSpinLock(&handle);
  MICA_CHECK(lock == 0);
  MICA_CHECK(violates(bugcheck_of([&] {
                        static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
                        KeAcquireInStackQueuedSpinLockRaiseToSynch(&lock, &handle);
                      }),
                      0x42));
}

MICA_CASE("Ke: priorities 1 and 31 are priorities, 0 and 32 are none") {
  PKTHREAD const thread = KeGetCurrentThread();
  KPRIORITY const before = KeSetPriorityThread(thread, 1);
  MICA_CHECK(KeSetPriorityThread(thread, 31) == 1);
  MICA_CHECK(KeSetPriorityThread(thread, before) == 31);
  constexpr KPRIORITY none_of_them[] = {0, 32};
  for (KPRIORITY const none : none_of_them)
    MICA_CHECK(bugcheck_of([none] { KeSetPriorityThread(KeGetCurrentThread(), none); }).happened);
}

MICA_CASE("Ke: a DPC's target is a processor that there is") {
  KDPC dpc;
  KeInitializeDpc(
      &dpc, [](PKDPC, PVOID, PVOID, PVOID) NTAPI {}, nullptr);
  MICA_CHECK(dpc.Type == 19);
  KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(processors() - 1));
  Bugcheck const end =
      bugcheck_of([&dpc] { KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(processors())); });
  MICA_CHECK(end.happened && end.code == TIMER_OR_DPC_INVALID);
}

MICA_CASE("Ke: KeSetIdealProcessorThread keeps what was ideal when there is no such processor") {
  PKTHREAD const thread = KeGetCurrentThread();
  UCHAR const before = KeSetIdealProcessorThread(thread, static_cast<UCHAR>(processors()));
  MICA_CHECK(KeSetIdealProcessorThread(thread, before) == before);
}

MICA_CASE("Ke: a release says how often the mutex was owned") {
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  for (int i = 0; i < 2; ++i) MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
  MICA_CHECK(KeReleaseMutex(&mutex, FALSE) == -1);
  MICA_CHECK(KeReleaseMutex(&mutex, FALSE) == 0);
  MICA_CHECK(KeReadStateMutex(&mutex) == 1);
}

MICA_CASE("Ke: a signal with Wait = TRUE from APC_LEVEL leaves APC_LEVEL after the wait") {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  at_apc_level([&] {
    KeSetEvent(&event, 0, TRUE);
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
  });
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Ke: a dispatcher object's header says how long it is") {
  KEVENT event;
  KSEMAPHORE semaphore;
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  KeInitializeSemaphore(&semaphore, 0, 1);
  MICA_CHECK(event.Header.Size == sizeof event / sizeof(LONG));
  MICA_CHECK(semaphore.Header.Size == sizeof semaphore / sizeof(LONG));
}

MICA_CASE("Ke: floating point may be saved and restored at any level up to DISPATCH_LEVEL") {
  for (KIRQL const level : {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL}) {
    AtLevel const raised{level};
    KFLOATING_SAVE saved;
    MICA_CHECK(KeSaveFloatingPointState(&saved) == STATUS_SUCCESS);
    MICA_CHECK(KeRestoreFloatingPointState(&saved) == STATUS_SUCCESS);
    MICA_CHECK(KeGetCurrentIrql() == level);
  }
}
