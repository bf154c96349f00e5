// Waiting for several objects, timeouts, alerts.
//                    [MSDN KeWaitForSingleObject, KeWaitForMultipleObjects, KeDelayExecutionThread]
#include "support.hpp"

using namespace mica::test;

namespace {

NTSTATUS wait_any(ULONG count, PVOID* objects, PLARGE_INTEGER timeout = nullptr,
                  PKWAIT_BLOCK blocks = nullptr) {
  return KeWaitForMultipleObjects(count, objects, WaitAny, Executive, KernelMode, FALSE, timeout,
                                  blocks);
}

NTSTATUS wait_all(ULONG count, PVOID* objects, PLARGE_INTEGER timeout = nullptr,
                  PKWAIT_BLOCK blocks = nullptr) {
  return KeWaitForMultipleObjects(count, objects, WaitAll, Executive, KernelMode, FALSE, timeout,
                                  blocks);
}

}  // namespace

MICA_CASE("Ke: wait-any says which object it took, the first that is signalled") {
  KEVENT events[3];
  PVOID objects[] = {&events[0], &events[1], &events[2]};
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KeSetEvent(&events[2], 0, FALSE);
  MICA_CHECK(wait_any(3, objects) == STATUS_WAIT_2);
  KeSetEvent(&events[2], 0, FALSE);
  KeSetEvent(&events[1], 0, FALSE);
  MICA_CHECK(wait_any(3, objects) == STATUS_WAIT_1);
  MICA_CHECK(KeReadStateEvent(&events[1]) == 0 && KeReadStateEvent(&events[2]) != 0);
}

MICA_CASE("Ke: wait-any sleeps until one of its objects is signalled") {
  KEVENT events[2];
  PVOID objects[] = {&events[0], &events[1]};
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS status = STATUS_PENDING;
  auto waiter = [&] { status = wait_any(2, objects); };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  KeSetEvent(&events[1], 0, FALSE);
  join(thread);
  MICA_CHECK(status == STATUS_WAIT_1);
  MICA_CHECK(KeSetEvent(&events[0], 0, FALSE) == 0);
  MICA_CHECK(poll(&events[0]) == STATUS_SUCCESS);
}

MICA_CASE("Ke: wait-all takes everything at once or nothing") {
  KEVENT event;
  KSEMAPHORE semaphore;
  PVOID objects[] = {&event, &semaphore};
  KeInitializeEvent(&event, SynchronizationEvent, TRUE);
  KeInitializeSemaphore(&semaphore, 0, 2);
  LARGE_INTEGER zero = relative(0);
  MICA_CHECK(wait_all(2, objects, &zero) == STATUS_TIMEOUT);
  MICA_CHECK(KeReadStateEvent(&event) != 0);
  KeReleaseSemaphore(&semaphore, 0, 2, FALSE);
  MICA_CHECK(wait_all(2, objects, &zero) == STATUS_SUCCESS);
  MICA_CHECK(KeReadStateEvent(&event) == 0 && KeReadStateSemaphore(&semaphore) == 1);
}

MICA_CASE("Ke: wait-all sleeps until the last of its objects is signalled") {
  KEVENT events[3];
  PVOID objects[] = {&events[0], &events[1], &events[2]};
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS status = STATUS_PENDING;
  auto waiter = [&] { status = wait_all(3, objects); };
  auto* const thread = start(waiter, {.processor = 1});
  for (int i = 0; i < 3; ++i) {
    until_waiting(thread);
    MICA_CHECK(status == STATUS_PENDING);
    KeSetEvent(&events[2 - i], 0, FALSE);
  }
  join(thread);
  MICA_CHECK(status == STATUS_SUCCESS);
  for (KEVENT& event : events) MICA_CHECK(KeReadStateEvent(&event) == 0);
}

MICA_CASE("Ke: wait-all on the same object twice takes it once") {
  KSEMAPHORE semaphore;
  PVOID objects[] = {&semaphore, &semaphore};
  KeInitializeSemaphore(&semaphore, 2, 2);
  MICA_CHECK(wait_all(2, objects) == STATUS_SUCCESS);
  MICA_CHECK(KeReadStateSemaphore(&semaphore) == 1);
}

MICA_CASE("Ke: an abandoned mutant adds STATUS_ABANDONED to a wait for several") {
  KMUTANT mutant;
  KEVENT event;
  KeInitializeMutant(&mutant, FALSE);
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  auto owner = [&] { MICA_CHECK(wait(&mutant) == STATUS_SUCCESS); };
  join(start(owner));
  PVOID objects[] = {&event, &mutant};
  MICA_CHECK(wait_any(2, objects) == STATUS_ABANDONED_WAIT_0 + 1);
  KeReleaseMutant(&mutant, 0, FALSE, FALSE);
  join(start(owner));
  KeSetEvent(&event, 0, FALSE);
  MICA_CHECK(wait_all(2, objects) == STATUS_ABANDONED);
  KeReleaseMutant(&mutant, 0, FALSE, FALSE);
}

MICA_CASE("Ke: sixty-four objects can be waited for with a block array") {
  KEVENT events[MAXIMUM_WAIT_OBJECTS];
  PVOID objects[MAXIMUM_WAIT_OBJECTS];
  KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
  for (int i = 0; i < MAXIMUM_WAIT_OBJECTS; ++i) {
    KeInitializeEvent(&events[i], SynchronizationEvent, FALSE);
    objects[i] = &events[i];
  }
  KeSetEvent(&events[63], 0, FALSE);
  MICA_CHECK(wait_any(MAXIMUM_WAIT_OBJECTS, objects, nullptr, blocks) == STATUS_WAIT_63);
  for (KEVENT& event : events) KeSetEvent(&event, 0, FALSE);
  MICA_CHECK(wait_all(MAXIMUM_WAIT_OBJECTS, objects, nullptr, blocks) == STATUS_SUCCESS);
}

MICA_CASE("Ke: too many objects, or none, is bugcheck C") {
  static constexpr ULONG counts[][2] = {{0, 0}, {4, 0}, {65, 1}};
  for (auto const& [count, with_blocks] : counts) {
    auto const end = bugcheck_of([count = count, with_blocks = with_blocks] {
      KEVENT event;
      KeInitializeEvent(&event, NotificationEvent, TRUE);
      PVOID objects[65];
      for (PVOID& object : objects) object = &event;
      KWAIT_BLOCK blocks[1];
      wait_any(count, objects, nullptr, with_blocks != 0 ? blocks : nullptr);
    });
    MICA_CHECK(end.happened && end.code == MAXIMUM_WAIT_OBJECTS_EXCEEDED);
  }
}

MICA_CASE("Ke: a wait ends with STATUS_TIMEOUT when its time is over, not before") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  ULONGLONG const before = KeQueryInterruptTime();
  MICA_CHECK(wait(&event, 3 * millisecond_100ns) == STATUS_TIMEOUT);
  MICA_CHECK(KeQueryInterruptTime() - before >= 3 * millisecond_100ns);
  KeSetEvent(&event, 0, FALSE);
  MICA_CHECK(wait(&event, 3 * millisecond_100ns) == STATUS_SUCCESS);
}

MICA_CASE("Ke: a positive timeout is a system time") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  LARGE_INTEGER due;
  KeQuerySystemTime(&due);
  due.QuadPart += 3 * millisecond_100ns;
  MICA_CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &due) == STATUS_TIMEOUT);
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  MICA_CHECK(now.QuadPart >= due.QuadPart);
  due.QuadPart = 1;  // long ago
  MICA_CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &due) == STATUS_TIMEOUT);
}

MICA_CASE("Ke: waits for several objects time out too") {
  KEVENT events[2];
  PVOID objects[] = {&events[0], &events[1]};
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  LARGE_INTEGER timeout = relative(2 * millisecond_100ns);
  MICA_CHECK(wait_any(2, objects, &timeout) == STATUS_TIMEOUT);
  KeSetEvent(&events[0], 0, FALSE);
  MICA_CHECK(wait_all(2, objects, &timeout) == STATUS_TIMEOUT);
  MICA_CHECK(KeReadStateEvent(&events[0]) != 0);
}

MICA_CASE("Ke: KeDelayExecutionThread delays at least its interval") {
  ULONGLONG const before = KeQueryInterruptTime();
  LARGE_INTEGER interval = relative(4 * millisecond_100ns);
  MICA_CHECK(KeDelayExecutionThread(KernelMode, FALSE, &interval) == STATUS_SUCCESS);
  MICA_CHECK(KeQueryInterruptTime() - before >= 4 * millisecond_100ns);
}

MICA_CASE("Ke: at DISPATCH_LEVEL a wait may only look") {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, TRUE);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  MICA_CHECK(poll(&event) == STATUS_SUCCESS);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  KeLowerIrql(old);
  auto const end = bugcheck_of([&event] {
    KeRaiseIrqlToDpcLevel();
    wait(&event);
  });
  MICA_CHECK(end.happened && end.code == DRIVER_VERIFIER_DETECTED_VIOLATION);
  MICA_CHECK(end.parameters[0] == 0x3B && end.parameters[1] == DISPATCH_LEVEL);
  MICA_CHECK(end.parameters[2] == reinterpret_cast<ULONG_PTR>(&event));
}

MICA_CASE("Ke: a thread is signalled when it has ended, for good") {
  auto nothing = [] {};
  auto* const thread = start(nothing, {.processor = 1});
  MICA_CHECK(wait(object_of(thread)) == STATUS_SUCCESS);
  MICA_CHECK(poll(object_of(thread)) == STATUS_SUCCESS);
  join(thread);
}

MICA_CASE("Ke: an alert ends an alertable wait and no other") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS statuses[2] = {STATUS_PENDING, STATUS_PENDING};
  auto waiter = [&] {
    statuses[0] = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
    statuses[1] = KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, nullptr);
  };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  MICA_CHECK(!KeAlertThread(object_of(thread), KernelMode));
  sleep(2 * millisecond_100ns);  // time in which the wait may not end
  MICA_CHECK(statuses[0] == STATUS_PENDING);
  MICA_CHECK(KeAlertThread(object_of(thread), KernelMode));
  KeSetEvent(&event, 0, FALSE);
  join(thread);
  MICA_CHECK(statuses[0] == STATUS_SUCCESS);
  MICA_CHECK(statuses[1] == STATUS_ALERTED);
}

MICA_CASE("Ke: an alert wakes a thread from an alertable delay") {
  NTSTATUS status = STATUS_PENDING;
  auto sleeper = [&] {
    LARGE_INTEGER interval = relative(100'000 * millisecond_100ns);
    status = KeDelayExecutionThread(KernelMode, TRUE, &interval);
  };
  auto* const thread = start(sleeper, {.processor = 1});
  until_waiting(thread);
  MICA_CHECK(!KeAlertThread(object_of(thread), KernelMode));
  join(thread);
  MICA_CHECK(status == STATUS_ALERTED);
}

MICA_CASE("Ke: an alert ends an alertable wait-all") {
  KEVENT events[2];
  PVOID objects[] = {&events[0], &events[1]};
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS status = STATUS_PENDING;
  auto waiter = [&] {
    status = KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, TRUE, nullptr,
                                      nullptr);
  };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  KeSetEvent(&events[0], 0, FALSE);
  KeAlertThread(object_of(thread), KernelMode);
  join(thread);
  MICA_CHECK(status == STATUS_ALERTED);
  MICA_CHECK(KeReadStateEvent(&events[0]) != 0);
}
