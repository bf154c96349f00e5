// W2, W3, D1, X1: waits and what ends them, without the way to them and back.
#include "together.hpp"

using namespace mica::explore;

namespace {

struct Pair {
  KEVENT events[2];
  Pair() noexcept {
    for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  }
  NTSTATUS wait_for(WAIT_TYPE type) noexcept {
    PVOID objects[] = {&events[0], &events[1]};
    return KeWaitForMultipleObjects(2, objects, type, Executive, KernelMode, FALSE, nullptr,
                                    nullptr);
  }
  void set(unsigned which) noexcept { MICA_CHECK(KeSetEvent(&events[which], 0, FALSE) == 0); }
  [[nodiscard]] LONG left() noexcept {
    return KeReadStateEvent(&events[0]) + KeReadStateEvent(&events[1]);
  }
  void check_nobody_waits() const noexcept {
    for (KEVENT const& event : events)
      MICA_CHECK(event.Header.WaitListHead.Flink == &event.Header.WaitListHead);
  }
};

}  // namespace

MICA_EXPLORE("W2-any-three", "W2: a wait for any of two, set by two, takes one", .processors = 3,
             .bound = 2) {
  Pair pair;
  auto program = [&](unsigned number) {
    if (number != 2) return pair.set(number);
    Passive passive;
    NTSTATUS const status = pair.wait_for(WaitAny);
    MICA_CHECK(status == STATUS_WAIT_0 || status == STATUS_WAIT_1);
  };
  run_together(window, {3}, program);
  MICA_CHECK(pair.left() == 1);
  pair.check_nobody_waits();
}

MICA_EXPLORE("W2-set-wait-timeout",
             "W2: of a set and a timeout one ends the wait, and a set that lost is kept",
             .processors = 2, .time_jumps = true, .bound = 1) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  NTSTATUS status = STATUS_PENDING;
  auto program = [&](unsigned number) {
    if (number == 0) {
      Passive passive;
      status = wait(&event, 1);
      return;
    }
    // Its own clock does not interrupt it: of two that come at once one polls for what the other
    // counts.
    static_cast<void>(mica::Machine::disable_interrupts());
    KeLowerIrql(DISPATCH_LEVEL);
    KeSetEvent(&event, 0, FALSE);
  };
  run_together(window, {.count = 2, .level = HIGH_LEVEL}, program);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
  MICA_CHECK(KeReadStateEvent(&event) == (status == STATUS_TIMEOUT));
  window.state(static_cast<std::uint64_t>(status));
}

MICA_EXPLORE("W2-alert-three", "W2: of a set and an alert one ends the wait, the other is left",
             .processors = 3, .bound = 2) {
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  std::atomic<PKTHREAD> waiter{nullptr};
  NTSTATUS status = STATUS_PENDING;
  auto program = [&](unsigned number) {
    switch (number) {
      case 0:
        KeSetEvent(&event, 0, FALSE);
        return;
      case 1:
        spin_while(waiter, nullptr);
        MICA_CHECK(KeAlertThread(waiter, KernelMode) == FALSE);
        return;
      default:
        waiter = KeGetCurrentThread();
        Passive passive;
        status = KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, nullptr);
    }
  };
  run_together(window, {3}, program);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_ALERTED);
  MICA_CHECK(KeReadStateEvent(&event) == (status == STATUS_ALERTED));
}

MICA_EXPLORE("W3-all-three", "W3: a wait for all of two, set by two, ends and takes both",
             .processors = 3, .bound = 2) {
  Pair pair;
  auto program = [&](unsigned number) {
    if (number != 2) return pair.set(number);
    Passive passive;
    MICA_CHECK(pair.wait_for(WaitAll) == STATUS_SUCCESS);
  };
  run_together(window, {3}, program);
  MICA_CHECK(pair.left() == 0);
  pair.check_nobody_waits();
}

MICA_EXPLORE("D1-flush-two", "D1: a flush waits for a DPC that another processor has still to run",
             .processors = 2, .bound = 2) {
  std::atomic<int> ran{0}, flushed{0};
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](KDPC*, PVOID context, PVOID, PVOID) NTAPI { ++*static_cast<std::atomic<int>*>(context); },
      &ran);
  KeSetTargetProcessorDpc(&dpc, 1);
  auto program = [&](unsigned number) {
    Passive passive;
    if (number == 1) return spin_while(flushed, 0);
    MICA_CHECK(KeInsertQueueDpc(&dpc, nullptr, nullptr));
    KeFlushQueuedDpcs();
    MICA_CHECK(ran == 1);
    flushed = 1;
  };
  run_together(window, {2}, program);
}

MICA_EXPLORE("X1-wake", "X1: the interrupt that wakes a thread has ended before it runs",
             .processors = 2, .bound = 2) {
  KEVENT events[2];
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto program = [&](unsigned number) {
    Passive passive;
    if (number == 0) {
      KeSetEvent(&events[0], 0, FALSE);
      MICA_CHECK(wait(&events[1]) == STATUS_SUCCESS);
    } else {
      MICA_CHECK(wait(&events[0]) == STATUS_SUCCESS);
      KeSetEvent(&events[1], 0, FALSE);
    }
  };
  run_together(window, {2}, program);
}
