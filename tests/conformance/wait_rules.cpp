// What every wait keeps, whichever objects it is on and in whichever order.
//   [MSDN KeWaitForSingleObject, KeWaitForMultipleObjects, "Waits and APCs"]
#include "support.hpp"

#include <nt/rtl.h>
#include <atomic>

using namespace mica::test;

namespace {

NTSTATUS wait_for(WAIT_TYPE type, ULONG count, PVOID* objects, PKWAIT_BLOCK blocks = nullptr) {
  LARGE_INTEGER timeout = relative(millisecond_100ns);
  return KeWaitForMultipleObjects(count, objects, type, Executive, KernelMode, FALSE, &timeout,
                                  blocks);
}

}  // namespace

MICA_CASE("Ke: waits take their objects in whichever order of their addresses") {
  constexpr ULONG count = 5;
  KEVENT events[count];
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  PVOID objects[] = {&events[3], &events[4], &events[1], &events[2], &events[0]};
  // A block before and one behind are not the wait's.
  KWAIT_BLOCK blocks[count + 2];
  RtlFillMemory(blocks, sizeof blocks, 0xA5);
  for (ULONG i = 0; i < count; ++i) {
    KeSetEvent(static_cast<PKEVENT>(objects[i]), 0, FALSE);
    MICA_CHECK(wait_for(WaitAny, count, objects, blocks + 1) == static_cast<NTSTATUS>(i));
  }
  for (KEVENT& event : events) KeSetEvent(&event, 0, FALSE);
  MICA_CHECK(wait_for(WaitAll, count, objects, blocks + 1) == STATUS_SUCCESS);
  for (KEVENT& event : events) MICA_CHECK(KeReadStateEvent(&event) == 0);
  MICA_CHECK(wait_for(WaitAll, count, objects, blocks + 1) == STATUS_TIMEOUT);
  for (KWAIT_BLOCK const* block : {&blocks[0], &blocks[count + 1]})
    for (std::size_t i = 0; i < sizeof *block; ++i)
      MICA_CHECK(reinterpret_cast<unsigned char const*>(block)[i] == 0xA5);
}

MICA_CASE("Ke: a wait-all on an object twice, with another between, takes it once") {
  KSEMAPHORE semaphores[3];
  for (KSEMAPHORE& semaphore : semaphores) KeInitializeSemaphore(&semaphore, 2, 2);
  PVOID objects[] = {&semaphores[1], &semaphores[2], &semaphores[1]};
  MICA_CHECK(wait_for(WaitAll, 3, objects) == STATUS_SUCCESS);
  MICA_CHECK(KeReadStateSemaphore(&semaphores[1]) == 1);
  MICA_CHECK(KeReadStateSemaphore(&semaphores[2]) == 1);
  PVOID others[] = {&semaphores[1], &semaphores[0], &semaphores[1]};
  MICA_CHECK(wait_for(WaitAll, 3, others) == STATUS_SUCCESS);
  MICA_CHECK(KeReadStateSemaphore(&semaphores[1]) == 0);
  MICA_CHECK(wait_for(WaitAll, 3, objects) == STATUS_TIMEOUT);
}

MICA_CASE("Ke: who sleeps for all of several is told of an abandoned mutant among them") {
  KMUTANT mutant;
  KEVENT event;
  KeInitializeMutant(&mutant, TRUE);
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS status = STATUS_PENDING;
  auto heir = [&] {
    PVOID objects[] = {&mutant, &event};
    status = KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, nullptr,
                                      nullptr);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
  };
  auto* const thread = start(heir, {.processor = 1});
  until_waiting(thread);
  KeReleaseMutant(&mutant, 0, TRUE, FALSE);
  MICA_CHECK(status == STATUS_PENDING);
  KeSetEvent(&event, 0, FALSE);
  join(thread);
  MICA_CHECK(status == STATUS_ABANDONED);
}

MICA_CASE("Ke: an alert that is left ends the next alertable wait, and that one only") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto const self = KeGetCurrentThread();
  for (int i = 0; i < 2; ++i) {
    MICA_CHECK(KeAlertThread(self, KernelMode) == FALSE);
    MICA_CHECK(KeAlertThread(self, KernelMode) == TRUE);
    MICA_CHECK(wait(&event, millisecond_100ns, FALSE) == STATUS_TIMEOUT);
    KeSetEvent(&event, 0, FALSE);
    MICA_CHECK(wait(&event, millisecond_100ns, TRUE) == STATUS_SUCCESS);
    MICA_CHECK(wait(&event, 1'000 * millisecond_100ns, TRUE) == STATUS_ALERTED);
    MICA_CHECK(wait(&event, millisecond_100ns, TRUE) == STATUS_TIMEOUT);
  }
}

MICA_CASE("Ke: an alert that ends a wait is not left for the next") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS statuses[2] = {STATUS_PENDING, STATUS_PENDING};
  auto waiter = [&] {
    statuses[0] = KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, nullptr);
    statuses[1] = wait(&event, 2 * millisecond_100ns, TRUE);
  };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  MICA_CHECK(KeAlertThread(object_of(thread), KernelMode) == FALSE);
  join(thread);
  MICA_CHECK(statuses[0] == STATUS_ALERTED);
  MICA_CHECK(statuses[1] == STATUS_TIMEOUT);
}

MICA_CASE("Ke: who only looks lets nobody else run") {
  KEVENT go, never;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  KeInitializeEvent(&never, SynchronizationEvent, FALSE);
  std::atomic<bool> ran{false};
  auto rival = [&] {
    MICA_CHECK(wait(&go) == STATUS_SUCCESS);
    ran = true;
  };
  KAFFINITY const before = KeSetSystemAffinityThreadEx(1);
  auto* const thread = start(rival, {.processor = 0});
  until_waiting(thread);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  KeSetEvent(&go, 0, FALSE);
  MICA_CHECK(poll(&never) == STATUS_TIMEOUT);
  MICA_CHECK(!ran);
  KeLowerIrql(old);
  join(thread);
  KeRevertToUserAffinityThreadEx(before);
}

MICA_CASE("Ke: a level that a set with Wait left is taken over by one wait") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KeSetEvent(&event, 0, TRUE);
  MICA_CHECK(wait(&event) == STATUS_SUCCESS);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  MICA_CHECK(poll(&event) == STATUS_TIMEOUT);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
}

MICA_CASE("Ke: above DISPATCH_LEVEL a wait may not even look") {
  auto const end = bugcheck_of([] {
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    static_cast<void>(KfRaiseIrql(HIGH_LEVEL));
    poll(&event);
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[1] == HIGH_LEVEL);
}

MICA_CASE("Ke: who waits for all of one is in no list when it goes on") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto waiter = [&] {
    PVOID object = &event;
    for (int i = 0; i < 2; ++i) {
      MICA_CHECK(KeWaitForMultipleObjects(1, &object, WaitAll, Executive, KernelMode, FALSE,
                                          nullptr, nullptr) == STATUS_SUCCESS);
      MICA_CHECK(event.Header.WaitListHead.Flink == &event.Header.WaitListHead);
    }
  };
  auto* const thread = start(waiter, {.processor = 1});
  for (int i = 0; i < 2; ++i) {
    until_waiting(thread);
    KeSetEvent(&event, 0, FALSE);
  }
  join(thread);
}
