#include <mica/test.hpp>

#include <atomic>

using namespace mica::test;

namespace {

LARGE_INTEGER after(LONGLONG milliseconds) {
  LARGE_INTEGER due;
  due.QuadPart = -milliseconds * millisecond_100ns;
  return due;
}

LARGE_INTEGER at(LONGLONG system_time) {
  LARGE_INTEGER due;
  due.QuadPart = system_time;
  return due;
}

LONGLONG system_time() {
  LARGE_INTEGER now;
  KeQuerySystemTime(&now);
  return now.QuadPart;
}

NTSTATUS wait(PVOID object, LONGLONG milliseconds) {
  LARGE_INTEGER timeout = after(milliseconds);
  return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout);
}

NTSTATUS wait_forever(PVOID object) {
  return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, nullptr);
}

NTSTATUS poll(PVOID object) {
  LARGE_INTEGER timeout{};
  return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout);
}

void NTAPI count(PKDPC, PVOID context, PVOID, PVOID) {
  ++*static_cast<std::atomic<int>*>(context);
}

}  // namespace

MICA_CASE("Ke: a fresh timer is neither signalled nor set") {
  KTIMER timer;
  KeInitializeTimer(&timer);
  MICA_CHECK(KeReadStateTimer(&timer) == FALSE);
  MICA_CHECK(KeCancelTimer(&timer) == FALSE);
  MICA_CHECK(poll(&timer) == STATUS_TIMEOUT);
}

MICA_CASE("Ke: a timer does not fire before its time counted from the last tick") {
  KTIMER timer;
  KeInitializeTimer(&timer);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  ULONGLONG const begin = KeQueryInterruptTime();
  MICA_CHECK(KeSetTimer(&timer, after(5), nullptr) == FALSE);
  KeLowerIrql(old);
  MICA_CHECK(KeReadStateTimer(&timer) == FALSE);
  MICA_CHECK(wait(&timer, 1000) == STATUS_SUCCESS);
  MICA_CHECK(KeQueryInterruptTime() >= begin + 5 * millisecond_100ns);
  MICA_CHECK(KeReadStateTimer(&timer) == TRUE);
  MICA_CHECK(KeCancelTimer(&timer) == FALSE);
  MICA_CHECK(KeReadStateTimer(&timer) == TRUE);
}

MICA_CASE("Ke: parts of a tick count as a whole one") {
  KTIMER timer;
  KeInitializeTimer(&timer);
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  ULONGLONG const begin = KeQueryInterruptTime();
  static_cast<void>(KeSetTimer(&timer, at(-1), nullptr));
  KeLowerIrql(old);
  MICA_CHECK(wait(&timer, 1000) == STATUS_SUCCESS);
  MICA_CHECK(KeQueryInterruptTime() >= begin + KeQueryTimeIncrement());
}

MICA_CASE("Ke: a notification timer wakes every waiter") {
  KTIMER timer;
  KeInitializeTimer(&timer);
  std::atomic<int> woken = 0;
  auto body = [&] { woken += wait_forever(&timer) == STATUS_SUCCESS; };
  Thread* threads[3];
  for (Thread*& thread : threads) thread = start(body);
  static_cast<void>(KeSetTimer(&timer, after(5), nullptr));
  for (Thread* thread : threads) join(thread);
  MICA_CHECK(woken == 3);
  MICA_CHECK(KeReadStateTimer(&timer) == TRUE);
}

MICA_CASE("Ke: a synchronization timer wakes one waiter each time") {
  KTIMER timer;
  KeInitializeTimerEx(&timer, SynchronizationTimer);
  std::atomic<int> woken = 0;
  auto body = [&] { woken += wait_forever(&timer) == STATUS_SUCCESS; };
  Thread* threads[3];
  for (Thread*& thread : threads) thread = start(body);
  for (int i = 1; i <= 3; ++i) {
    static_cast<void>(KeSetTimer(&timer, after(2), nullptr));
    for (int tries = 0; tries < 1'000 && woken < i; ++tries) sleep(millisecond_100ns);
    sleep(5 * millisecond_100ns);
    MICA_CHECK(woken == i);
    MICA_CHECK(KeReadStateTimer(&timer) == FALSE);
  }
  for (Thread* thread : threads) join(thread);
}

MICA_CASE("Ke: a cancelled timer does not fire") {
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> runs = 0;
  KeInitializeTimer(&timer);
  KeInitializeDpc(&dpc, count, &runs);
  static_cast<void>(KeSetTimer(&timer, after(100), &dpc));
  MICA_CHECK(KeCancelTimer(&timer) == TRUE);
  MICA_CHECK(KeCancelTimer(&timer) == FALSE);
  sleep(120 * millisecond_100ns);
  MICA_CHECK(runs == 0);
  MICA_CHECK(KeReadStateTimer(&timer) == FALSE);
}

MICA_CASE("Ke: setting a timer again replaces its time and its DPC, and clears its signal") {
  KTIMER timer;
  KDPC first, second;
  std::atomic<int> first_runs = 0, second_runs = 0;
  KeInitializeTimer(&timer);
  KeInitializeDpc(&first, count, &first_runs);
  KeInitializeDpc(&second, count, &second_runs);
  MICA_CHECK(KeSetTimer(&timer, after(500), &first) == FALSE);
  MICA_CHECK(KeSetTimer(&timer, after(10), &second) == TRUE);
  for (int tries = 0; tries < 200 && second_runs == 0; ++tries) sleep(millisecond_100ns);
  MICA_CHECK(first_runs == 0);
  MICA_CHECK(second_runs == 1);
  MICA_CHECK(KeReadStateTimer(&timer) == TRUE);
  MICA_CHECK(KeSetTimer(&timer, after(1000), nullptr) == FALSE);
  MICA_CHECK(KeReadStateTimer(&timer) == FALSE);
  MICA_CHECK(KeCancelTimer(&timer) == TRUE);
}

MICA_CASE("Ke: a timer's DPC gets the system time in its arguments") {
  struct {
    LONGLONG begin, seen;
    std::atomic<int> runs;
  } shared{};
  auto routine = [](PKDPC, PVOID context, PVOID low, PVOID high) NTAPI {
    auto& shared_in = *static_cast<decltype(shared)*>(context);
    auto const parts = reinterpret_cast<ULONG_PTR>(high) << 32 |
                       static_cast<ULONG>(reinterpret_cast<ULONG_PTR>(low));
    shared_in.seen = static_cast<LONGLONG>(parts);
    ++shared_in.runs;
  };
  KTIMER timer;
  KDPC dpc;
  KeInitializeTimer(&timer);
  KeInitializeDpc(&dpc, routine, &shared);
  shared.begin = system_time();
  static_cast<void>(KeSetTimer(&timer, after(3), &dpc));
  sleep(10 * millisecond_100ns);
  MICA_CHECK(shared.runs == 1);
  MICA_CHECK(shared.seen >= shared.begin + 3 * millisecond_100ns);
  MICA_CHECK(shared.seen <= system_time());
}

MICA_CASE("Ke: a timer whose time is past fires at once") {
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> runs = 0;
  KeInitializeTimer(&timer);
  KeInitializeDpc(&dpc, count, &runs);
  for (LONGLONG const time : {LONGLONG{0}, LONGLONG{1}, system_time()}) {
    runs = 0;
    MICA_CHECK(KeSetTimer(&timer, at(time), &dpc) == FALSE);
    MICA_CHECK(KeReadStateTimer(&timer) == TRUE);
    MICA_CHECK(KeCancelTimer(&timer) == FALSE);
    KeFlushQueuedDpcs();
    MICA_CHECK(runs == 1);
  }
}

MICA_CASE("Ke: a timer with an absolute time") {
  KTIMER timer;
  KeInitializeTimer(&timer);
  LONGLONG const due = system_time() + 7 * millisecond_100ns;
  static_cast<void>(KeSetTimer(&timer, at(due), nullptr));
  MICA_CHECK(wait(&timer, 1000) == STATUS_SUCCESS);
  MICA_CHECK(system_time() >= due);
}

MICA_CASE("Ke: times beyond all reach are never over") {
  KTIMER timer;
  KeInitializeTimer(&timer);
  for (LONGLONG const time : {MAXLONGLONG, -MAXLONGLONG - 1, -MAXLONGLONG / 2}) {
    static_cast<void>(KeSetTimer(&timer, at(time), nullptr));
    MICA_CHECK(wait(&timer, 5) == STATUS_TIMEOUT);
    MICA_CHECK(KeCancelTimer(&timer) == TRUE);
  }
}

MICA_CASE("Ke: a periodic timer fires once a period until it is cancelled") {
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> runs = 0;
  KeInitializeTimerEx(&timer, SynchronizationTimer);
  KeInitializeDpc(&dpc, count, &runs);
  ULONGLONG const begin = KeQueryInterruptTime();
  MICA_CHECK(KeSetTimerEx(&timer, after(4), 10, &dpc) == FALSE);
  for (int i = 0; i < 3; ++i) MICA_CHECK(wait(&timer, 1000) == STATUS_SUCCESS);
  MICA_CHECK(KeCancelTimer(&timer) == TRUE);
  auto const elapsed = static_cast<LONGLONG>(KeQueryInterruptTime() - begin);
  KeFlushQueuedDpcs();
  int const ran = runs;
  MICA_CHECK(elapsed >= 24 * millisecond_100ns);
  MICA_CHECK(ran >= 1);  // firings that find the DPC still queued are one
  MICA_CHECK((ran - 1) * 10 * millisecond_100ns <= elapsed);
  sleep(30 * millisecond_100ns);
  MICA_CHECK(runs == ran);
  MICA_CHECK(KeCancelTimer(&timer) == FALSE);
}

MICA_CASE("Ke: a periodic timer that began in the past fires at once and goes on") {
  KTIMER timer;
  KeInitializeTimerEx(&timer, SynchronizationTimer);
  static_cast<void>(KeSetTimerEx(&timer, at(0), 5, nullptr));
  MICA_CHECK(poll(&timer) == STATUS_SUCCESS);
  MICA_CHECK(wait(&timer, 1000) == STATUS_SUCCESS);
  MICA_CHECK(KeCancelTimer(&timer) == TRUE);
}

MICA_CASE("Ke: timers of one time fire in the order they were set, an earlier one before") {
  struct {
    KTIMER timers[5];
    KDPC dpcs[5];
    int order[5];
    int count;
  } shared{};
  auto routine = [](PKDPC dpc, PVOID context, PVOID, PVOID) NTAPI {
    auto& shared_in = *static_cast<decltype(shared)*>(context);
    shared_in.order[shared_in.count++] = static_cast<int>(dpc - shared_in.dpcs);
  };
  LONGLONG const early = system_time() + 100 * millisecond_100ns;
  LONGLONG const late = early + 3 * millisecond_100ns;
  KIRQL const old = KeRaiseIrqlToDpcLevel();
  for (int i = 0; i < 5; ++i) {
    KeInitializeTimer(&shared.timers[i]);
    KeInitializeDpc(&shared.dpcs[i], routine, &shared);
    static_cast<void>(KeSetTimer(&shared.timers[i], at(i == 3 ? early : late), &shared.dpcs[i]));
  }
  KeLowerIrql(old);
  for (KTIMER& timer : shared.timers) MICA_CHECK(wait(&timer, 10'000) == STATUS_SUCCESS);
  KeFlushQueuedDpcs();
  MICA_REQUIRE(shared.count == 5);
  int const expected[] = {3, 0, 1, 2, 4};
  for (int i = 0; i < 5; ++i) MICA_CHECK(shared.order[i] == expected[i]);
}

MICA_CASE("Ke: a timer is cancelled from another processor exactly when it did not fire") {
  for (int round = 0; round < 20; ++round) {
    KTIMER timer;
    KDPC dpc;
    std::atomic<int> runs = 0;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count, &runs);
    BOOLEAN cancelled = FALSE;
    auto setter = [&] { static_cast<void>(KeSetTimer(&timer, after(2), &dpc)); };
    auto canceller = [&] {
      KeStallExecutionProcessor(1900 + static_cast<ULONG>(round) * 10);
      cancelled = KeCancelTimer(&timer);
    };
    join(start(setter, {.processor = 0}));
    join(start(canceller, {.processor = 1}));
    sleep(5 * millisecond_100ns);
    MICA_CHECK(runs == (cancelled == TRUE ? 0 : 1));
  }
}

MICA_CASE("Ke: timers above DISPATCH_LEVEL stop") {
  KTIMER timer;
  KeInitializeTimer(&timer);
  auto stops = [&timer](Bugcheck const& end) {
    return end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL && end.parameters[1] == SYNCH_LEVEL &&
           end.parameters[0] == reinterpret_cast<ULONG_PTR>(&timer);
  };
  MICA_CHECK(stops(bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(SYNCH_LEVEL));
    static_cast<void>(KeSetTimer(&timer, after(1), nullptr));
  })));
  MICA_CHECK(stops(bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(SYNCH_LEVEL));
    static_cast<void>(KeCancelTimer(&timer));
  })));
  MICA_CHECK(stops(bugcheck_of([&] {
    static_cast<void>(KfRaiseIrql(SYNCH_LEVEL));
    static_cast<void>(KeReadStateTimer(&timer));
  })));
}
