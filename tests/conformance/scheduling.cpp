// Priorities, preemption, yielding, affinity.
#include "support.hpp"

#include <nt/ps.h>
#include <nt/zw.h>

#include <atomic>

using namespace mica::test;

MICA_CASE("Ke: KeSetPriorityThread returns the old priority and sets the new one") {
  PKTHREAD const self = KeGetCurrentThread();
  KPRIORITY const old = KeSetPriorityThread(self, 12);
  MICA_CHECK(old >= 1 && old <= 31);
  MICA_CHECK(KeQueryPriorityThread(self) == 12);
  MICA_CHECK(KeSetPriorityThread(self, old) == 12);
}

MICA_CASE("Ke: a priority beyond 31 or below 1 raises STATUS_INVALID_PARAMETER_2") {
  for (KPRIORITY priority : {0, 32, -1}) {
    auto const end =
        bugcheck_of([priority] { KeSetPriorityThread(KeGetCurrentThread(), priority); });
    MICA_CHECK(end.happened &&
               static_cast<NTSTATUS>(end.parameters[0]) == STATUS_INVALID_PARAMETER_2);
  }
}

MICA_CASE("Ke: a thread that becomes ready preempts a lower one at once") {
  KEVENT go;
  int order = 0;
  int high = 0;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  KAFFINITY const before = KeSetSystemAffinityThreadEx(1);
  auto urgent = [&] {
    wait(&go);
    high = ++order;
  };
  auto* const thread = start(urgent, {.processor = 0, .priority = 20});
  until_waiting(thread);
  KeSetEvent(&go, 0, FALSE);
  int const mine = ++order;
  MICA_CHECK(high == 1 && mine == 2);
  join(thread);
  KeRevertToUserAffinityThreadEx(before);
}

MICA_CASE(
    "Ke: raising a ready thread above the running one runs it, lowering the running one too") {
  KAFFINITY const before = KeSetSystemAffinityThreadEx(1);
  KPRIORITY const old = KeSetPriorityThread(KeGetCurrentThread(), 16);
  std::atomic<int> ran{0};
  auto count = [&] { ++ran; };
  auto* const first = start(count, {.processor = 0, .priority = 18});
  auto* const second = start(count, {.processor = 0, .priority = 18});
  join(first);
  join(second);
  MICA_CHECK(ran == 2);

  KEVENT go;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  auto waiter = [&] {
    wait(&go);
    ++ran;
  };
  auto* const low = start(waiter, {.processor = 0, .priority = 10});
  until_waiting(low);
  KeSetEvent(&go, 0, FALSE);
  MICA_CHECK(ran == 2);  // it is ready, and lower
  KeSetPriorityThread(object_of(low), 17);
  MICA_CHECK(ran == 3);
  join(low);
  auto* const next = start(waiter, {.processor = 0, .priority = 10});
  until_waiting(next);
  KeSetEvent(&go, 0, FALSE);
  MICA_CHECK(ran == 3);
  KeSetPriorityThread(KeGetCurrentThread(), 9);
  MICA_CHECK(ran == 4);
  join(next);
  KeSetPriorityThread(KeGetCurrentThread(), old);
  KeRevertToUserAffinityThreadEx(before);
}

MICA_CASE("Ke: a wake's increment raises a dynamic priority for a while, never a real-time one") {
  KEVENT go;
  KEVENT done;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  KeInitializeEvent(&done, SynchronizationEvent, FALSE);
  KPRIORITY seen = 0;
  auto waiter = [&] {
    wait(&go);
    seen = KeQueryPriorityThread(KeGetCurrentThread());
    KeSetEvent(&done, 0, FALSE);
    wait(&go);
    seen = KeQueryPriorityThread(KeGetCurrentThread());
  };
  auto* const thread = start(waiter, {.processor = 1, .priority = 8});
  until_waiting(thread);
  KeSetEvent(&go, 3, FALSE);
  wait(&done);
  MICA_CHECK(seen == 11);
  until_waiting(thread);
  KeSetPriorityThread(object_of(thread), 16);
  KeSetEvent(&go, 3, FALSE);
  join(thread);
  MICA_CHECK(seen == 16);
}

MICA_CASE("Ke: a boost fades to the base as quanta end") {
  KEVENT go;
  KeInitializeEvent(&go, SynchronizationEvent, FALSE);
  KPRIORITY first = 0;
  KPRIORITY last = 0;
  auto worker = [&] {
    wait(&go);
    first = KeQueryPriorityThread(KeGetCurrentThread());
    for (int ms = 0; ms < 60'000 && last != 8; ++ms) {
      KeStallExecutionProcessor(1000);
      last = KeQueryPriorityThread(KeGetCurrentThread());
    }
  };
  auto* const thread = start(worker, {.processor = 1, .priority = 8});
  until_waiting(thread);
  KeSetEvent(&go, 4, FALSE);
  join(thread);
  MICA_CHECK(first == 12);
  MICA_CHECK(last == 8);
}

MICA_CASE("Ke: threads of one priority share a processor by quanta") {
  std::atomic<bool> stop{false};
  std::atomic<bool> ran{false};
  auto spinner = [&] {
    while (!stop.load()) KeStallExecutionProcessor(100);
  };
  auto* const first = start(spinner, {.processor = 1});
  auto second = [&] { ran = true; };
  auto* const other = start(second, {.processor = 1});
  until([&] { return ran.load(); });
  stop = true;
  join(other);
  join(first);
  MICA_CHECK(ran.load());
}

MICA_CASE("Ke: ZwYieldExecution gives way to an equal and says when there is none") {
  KAFFINITY const before = KeSetSystemAffinityThreadEx(1);
  KPRIORITY const old = KeSetPriorityThread(KeGetCurrentThread(), 20);
  MICA_CHECK(ZwYieldExecution() == STATUS_NO_YIELD_PERFORMED);
  int ran = 0;
  KEVENT go;
  KeInitializeEvent(&go, NotificationEvent, FALSE);
  auto equal = [&] {
    wait(&go);
    ++ran;
  };
  auto* const thread = start(equal, {.processor = 0, .priority = 20});
  until_waiting(thread);
  KeSetEvent(&go, 0, FALSE);
  MICA_CHECK(ran == 0);
  MICA_CHECK(ZwYieldExecution() == STATUS_SUCCESS);
  MICA_CHECK(ran == 1);
  join(thread);
  KeSetPriorityThread(KeGetCurrentThread(), old);
  KeRevertToUserAffinityThreadEx(before);
}

MICA_CASE("Ke: a system affinity moves the thread, is returned, and is given back") {
  ULONG const last = processors() - 1;
  MICA_CHECK(KeSetSystemAffinityThreadEx(KAFFINITY{1} << last) == 0);
  MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == last);
  MICA_CHECK(KeGetCurrentProcessorNumber() == last);
  MICA_CHECK(KeSetSystemAffinityThreadEx(1) == KAFFINITY{1} << last);
  MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == 0);
  MICA_CHECK(KeSetSystemAffinityThreadEx(KAFFINITY{1} << 63) ==
             0);  // no such processor: nothing changes
  MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == 0);
  KeRevertToUserAffinityThreadEx(KAFFINITY{1} << last);
  MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == last);
  KeSetSystemAffinityThread(1);
  MICA_CHECK(KeGetCurrentProcessorNumberEx(nullptr) == 0);
  KeRevertToUserAffinityThread();
  MICA_CHECK(KeSetSystemAffinityThreadEx(1) == 0);
  KeRevertToUserAffinityThread();
}

MICA_CASE("Ke: KeSetIdealProcessorThread returns the old one and ignores an absent one") {
  PKTHREAD const self = KeGetCurrentThread();
  UCHAR const old = KeSetIdealProcessorThread(self, 0);
  MICA_CHECK(old < processors());
  MICA_CHECK(KeSetIdealProcessorThread(self, 63) == 0);
  MICA_CHECK(KeSetIdealProcessorThread(self, old) == 0);
}

MICA_CASE("Ke: ready threads spread over idle processors") {
  KEVENT go;
  KeInitializeEvent(&go, NotificationEvent, FALSE);
  KAFFINITY const all = (KAFFINITY{1} << processors()) - 1;
  constexpr ULONGLONG patience_100ns = 100'000'000;
  std::atomic<KAFFINITY> seen{0};
  // Each keeps a processor until a worker was seen on all of them: as many workers as processors,
  // so none of those may stay idle.
  auto worker = [&] {
    wait(&go);
    ULONGLONG const start_time = KeQueryInterruptTime();
    while ((seen |= KAFFINITY{1} << KeGetCurrentProcessorNumberEx(nullptr)) != all &&
           KeQueryInterruptTime() - start_time < patience_100ns)
      KeStallExecutionProcessor(10);
  };
  mica::test::Thread* threads[16];
  for (ULONG i = 0; i < processors(); ++i) threads[i] = start(worker);
  for (ULONG i = 0; i < processors(); ++i) until_waiting(threads[i]);
  KeSetEvent(&go, 0, FALSE);
  for (ULONG i = 0; i < processors(); ++i) join(threads[i]);
  MICA_CHECK(seen.load() == all);
}
