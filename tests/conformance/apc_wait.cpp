// What APCs do to a wait, and to a thread that runs or ends.
//                                                              [MSDN "Waits and APCs"; WI7 p1 ch3]
#include "apc_support.hpp"

using namespace mica::test;

namespace {

bool nobody_waits_for(KEVENT const& event) noexcept {
  return event.Header.WaitListHead.Flink == &event.Header.WaitListHead;
}

}  // namespace

MICA_CASE("Ke: a kernel APC runs in a thread that waits, and the wait goes on") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS status = STATUS_PENDING;
  auto waiter = [&] { status = wait(&event); };
  auto* const thread = start(waiter, {.processor = 1});
  Diary diary;
  Noted special{diary, 1, false, object_of(thread)}, normal{diary, 2, true, object_of(thread)};
  for (Noted* const one : {&special, &normal}) {
    until_waiting(thread);
    MICA_CHECK(one->insert() == TRUE);
    until([&] { return one->diary->text % 10 == one->digit; });
    MICA_CHECK(one->ran_in == object_of(thread));
  }
  until_waiting(thread);
  MICA_CHECK(status == STATUS_PENDING);
  KeSetEvent(&event, 0, FALSE);
  join(thread);
  MICA_CHECK(status == STATUS_SUCCESS);
  MICA_CHECK(diary.text == 12);
}

MICA_CASE("Ke: a wait that an APC interrupted ends at the time it was to end") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  ULONG64 counter;
  LONGLONG lasted = 0;
  auto waiter = [&] {
    ULONGLONG const began = KeQueryInterruptTimePrecise(&counter);
    MICA_CHECK(wait(&event, 500 * millisecond_100ns) == STATUS_TIMEOUT);
    lasted = static_cast<LONGLONG>(KeQueryInterruptTimePrecise(&counter) - began);
  };
  auto* const thread = start(waiter, {.processor = 1});
  Diary diary;
  Noted special{diary, 1, false, object_of(thread)};
  until_waiting(thread);
  for (int i = 0; i < 3; ++i) {
    sleep(100 * millisecond_100ns);
    MICA_CHECK(special.insert() == TRUE);
  }
  join(thread);
  MICA_CHECK(diary.text == 111);
  MICA_CHECK(lasted >= 499 * millisecond_100ns && lasted < 800 * millisecond_100ns);
}

MICA_CASE("Ke: an APC interrupts a wait for several objects, and its routine may wait as well") {
  KEVENT events[2], inner;
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KeInitializeEvent(&inner, SynchronizationEvent, FALSE);
  for (WAIT_TYPE const type : {WaitAny, WaitAll}) {
    NTSTATUS status = STATUS_PENDING;
    auto waiter = [&] {
      PVOID objects[] = {&events[0], &events[1]};
      status = KeWaitForMultipleObjects(2, objects, type, Executive, KernelMode, FALSE, nullptr,
                                        nullptr);
    };
    auto* const thread = start(waiter, {.processor = 1});
    until_waiting(thread);
    std::atomic<bool> waited{false};
    static std::atomic<bool>* done;
    done = &waited;
    KAPC apc;
    KeInitializeApc(
        &apc, object_of(thread), OriginalApcEnvironment, nothing, nullptr,
        [](PVOID event, PVOID, PVOID) NTAPI {
          MICA_CHECK(wait(event) == STATUS_SUCCESS);
          *done = true;
        },
        KernelMode, &inner);
    MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
    KeSetEvent(&events[0], 0, FALSE);
    KeSetEvent(&inner, 0, FALSE);
    until([&] { return waited.load(); });
    KeSetEvent(&events[1], 0, FALSE);
    join(thread);
    MICA_CHECK(status == STATUS_SUCCESS);
    MICA_CHECK(KeReadStateEvent(&events[1]) == (type == WaitAny));
    KeClearEvent(&events[1]);
  }
}

MICA_CASE(
    "Ke: a wait at APC_LEVEL or in a critical region is not interrupted by what they hold back") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  Diary diary;
  bool at_apc_level = true;
  auto waiter = [&] {
    KIRQL const old = at_apc_level ? KfRaiseIrql(APC_LEVEL) : PASSIVE_LEVEL;
    if (!at_apc_level) KeEnterCriticalRegion();
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    MICA_CHECK(diary.text == 0);
    if (!at_apc_level) KeLeaveCriticalRegion();
    KeLowerIrql(old);
    MICA_CHECK(diary.text == 1);
  };
  for (;; at_apc_level = false) {
    auto* const thread = start(waiter, {.processor = 1});
    until_waiting(thread);
    Noted one{diary, 1, !at_apc_level, object_of(thread)};
    MICA_CHECK(one.insert() == TRUE);
    sleep(2 * millisecond_100ns);
    MICA_CHECK(diary.text == 0);
    KeSetEvent(&event, 0, FALSE);
    join(thread);
    diary.text = 0;
    if (!at_apc_level) break;
  }
}

MICA_CASE("Ke: a wait at APC_LEVEL is interrupted by no APC") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  Diary diary;
  auto waiter = [&] {
    AtLevel const raised{APC_LEVEL};
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    MICA_CHECK(diary.text == 0);
  };
  auto* const thread = start(waiter, {.processor = 1});
  Noted special{diary, 1, false, object_of(thread)};
  until_waiting(thread);
  MICA_CHECK(special.insert() == TRUE);
  sleep(millisecond_100ns);
  MICA_CHECK(!nobody_waits_for(event));
  KeSetEvent(&event, 0, FALSE);
  join(thread);
  MICA_CHECK(diary.text == 1);
}

MICA_CASE("Ke: a kernel APC interrupts a thread that runs, wherever it runs") {
  std::atomic<bool> over{false};
  auto spinner = [&] { spin_until(over); };
  auto* const thread = start(spinner, {.processor = 1});
  Diary diary;
  Noted special{diary, 1, false, object_of(thread)}, normal{diary, 2, true, object_of(thread)};
  for (Noted* const one : {&special, &normal}) {
    MICA_CHECK(one->insert() == TRUE);
    until([&] { return diary.text % 10 == one->digit; });
    MICA_CHECK(one->ran_in == object_of(thread));
  }
  over = true;
  join(thread);
}

MICA_CASE("Ke: a user APC ends alertable waits until it is removed") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS statuses[2] = {STATUS_PENDING, STATUS_PENDING};
  std::atomic<bool> over{false};
  auto waiter = [&] {
    for (NTSTATUS& status : statuses) {
      status = KeWaitForSingleObject(&event, UserRequest, UserMode, TRUE, nullptr);
      MICA_CHECK(nobody_waits_for(event));
    }
    MICA_CHECK(wait(&event, 2 * millisecond_100ns, FALSE) == STATUS_TIMEOUT);
    over = true;
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    MICA_CHECK(wait(&event, 2 * millisecond_100ns, TRUE) == STATUS_TIMEOUT);
  };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  KAPC apc;
  KeInitializeApc(
      &apc, object_of(thread), OriginalApcEnvironment, nothing, nullptr,
      [](PVOID, PVOID, PVOID) NTAPI { MICA_CHECK(!"there is no user mode"); }, UserMode, nullptr);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  until([&] { return over.load(); });
  until_waiting(thread);
  MICA_CHECK(statuses[0] == STATUS_USER_APC && statuses[1] == STATUS_USER_APC);
  MICA_CHECK(KeRemoveQueueApc(&apc) == TRUE);
  KeSetEvent(&event, 0, FALSE);
  join(thread);
}

MICA_CASE("Ke: a thread that ends runs its user APCs down, and takes no more") {
  static PKTHREAD run_down_in;
  static KIRQL run_down_at;
  run_down_in = nullptr;
  run_down_at = HIGH_LEVEL;
  Diary diary;
  KAPC apc;
  std::atomic<PKTHREAD> ended{nullptr};
  auto body = [&] {
    ended = KeGetCurrentThread();
    KeInitializeApc(
        &apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing,
        [](PKAPC) NTAPI {
          run_down_in = KeGetCurrentThread();
          run_down_at = KeGetCurrentIrql();
        },
        [](PVOID, PVOID, PVOID) NTAPI {}, UserMode, nullptr);
    MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  };
  auto* const thread = start(body);
  MICA_CHECK(wait(object_of(thread)) == STATUS_SUCCESS);
  MICA_CHECK(run_down_in == ended && run_down_at == PASSIVE_LEVEL);
  MICA_CHECK(apc.Inserted == FALSE);
  Noted late{diary, 1, false, object_of(thread)};
  MICA_CHECK(late.insert() == FALSE);
  join(thread);
  MICA_CHECK(diary.text == 0);
}

MICA_CASE("Ke: a user APC that is run down ends no wait any more") {
  static NTSTATUS status;
  status = STATUS_PENDING;
  KAPC apc;
  auto body = [&] {
    KeInitializeApc(
        &apc, KeGetCurrentThread(), OriginalApcEnvironment, nothing,
        [](PKAPC) NTAPI {
          KEVENT never;
          KeInitializeEvent(&never, NotificationEvent, FALSE);
          status = wait(&never, millisecond_100ns, TRUE);
        },
        [](PVOID, PVOID, PVOID) NTAPI {}, UserMode, nullptr);
    MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  };
  join(start(body));
  MICA_CHECK(status == STATUS_TIMEOUT);
}

MICA_CASE("Ke: while an APC runs in a thread that waits, it does not wait for that") {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  static bool nobody;
  nobody = false;
  auto waiter = [&] { MICA_CHECK(wait(&event) == STATUS_SUCCESS); };
  auto* const thread = start(waiter, {.processor = 1});
  until_waiting(thread);
  KAPC apc;
  KeInitializeApc(
      &apc, object_of(thread), OriginalApcEnvironment, nothing, nullptr,
      [](PVOID context, PVOID, PVOID) NTAPI {
        auto& awaited = *static_cast<KEVENT*>(context);
        nobody = nobody_waits_for(awaited);
        KeSetEvent(&awaited, 0, FALSE);
      },
      KernelMode, &event);
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  join(thread);
  MICA_CHECK(nobody);
}

MICA_CASE("Ke: who waits for a queue works for it while its APC runs, and waits again") {
  KQUEUE queue;
  LIST_ENTRY entry;
  KeInitializeQueue(&queue, 1);
  std::atomic<PLIST_ENTRY> taken{nullptr};
  std::atomic<bool> over{false};
  auto worker = [&] {
    taken = KeRemoveQueue(&queue, KernelMode, nullptr);
    spin_until(over);
  };
  auto* const thread = start(worker, {.processor = 1});
  until_waiting(thread);
  static std::atomic<LONG> counts[2];
  KAPC apc;
  KeInitializeApc(
      &apc, object_of(thread), OriginalApcEnvironment, nothing, nullptr,
      [](PVOID context, PVOID, PVOID) NTAPI {
        auto& own = *static_cast<KQUEUE*>(context);
        counts[0] = static_cast<LONG>(own.CurrentCount);
        sleep(millisecond_100ns);
        counts[1] = static_cast<LONG>(own.CurrentCount);
      },
      KernelMode, &queue);
  counts[0] = counts[1] = -1;
  MICA_CHECK(KeInsertQueueApc(&apc, nullptr, nullptr, 0) == TRUE);
  until([&] { return counts[1] != -1; });
  MICA_CHECK(counts[0] == 1 && counts[1] == 1);
  until_waiting(thread);
  MICA_CHECK(queue.CurrentCount == 0);
  KeInsertQueue(&queue, &entry);
  until([&] { return taken.load() != nullptr; });
  MICA_CHECK(taken == &entry && queue.CurrentCount == 1);
  over = true;
  join(thread);
  MICA_CHECK(queue.CurrentCount == 0);
}
