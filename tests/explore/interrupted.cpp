// X1: what a thread does at PASSIVE_LEVEL is done by a DPC that interrupts it there as well.
#include "rig.hpp"

using namespace mica::explore;

namespace {

template <class Operation>
void NTAPI perform(PKDPC, PVOID operation, PVOID, PVOID) {
  (*static_cast<Operation*>(operation))();
}

// The operation meets itself on processor 0: in a thread, and in a DPC that another processor
// queues.
template <class Operation>
void interrupt(Window& window, Operation& operation) noexcept {
  KDPC dpc;
  KeInitializeDpc(&dpc, perform<Operation>, &operation);
  KeSetTargetProcessorDpc(&dpc, 0);
  auto inserter = [&] { static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr)); };
  Team team{window};
  meet(team, operation, inserter);
  KeFlushQueuedDpcs();
}

}  // namespace

MICA_EXPLORE("X1-reset", "X1: an event is reset by a thread and by who interrupts it",
             .processors = 2, .bound = 1) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, TRUE);
  std::atomic<int> set{0};
  auto reset = [&] { set += KeResetEvent(&event) != 0; };
  interrupt(window, reset);
  MICA_CHECK(set == 1);
}

MICA_EXPLORE("X1-cancel", "X1: a timer is cancelled by a thread and by who interrupts it",
             .processors = 2, .bound = 1) {
  KTIMER timer;
  KeInitializeTimer(&timer);
  KeSetTimer(&timer, relative(1'000 * tick_100ns), nullptr);
  std::atomic<int> ended{0};
  auto cancel = [&] { ended += KeCancelTimer(&timer) != FALSE; };
  interrupt(window, cancel);
  MICA_CHECK(ended == 1);
}

MICA_EXPLORE("X1-alert", "X1: a thread is alerted by another and by who interrupts that",
             .processors = 2, .bound = 1) {
  KEVENT never;
  KeInitializeEvent(&never, NotificationEvent, FALSE);
  std::atomic<int> left{0}, ended{0};
  auto waiter = [&] {
    ended += KeWaitForSingleObject(&never, Executive, KernelMode, TRUE, nullptr) == STATUS_ALERTED;
  };
  mica::test::Thread* const waits = mica::test::start(waiter, {.processor = 0});
  mica::test::until_waiting(waits);
  auto alert = [&] { left += KeAlertThread(mica::test::object_of(waits), KernelMode) == FALSE; };
  interrupt(window, alert);
  MICA_CHECK(left == ended + (KeAlertThread(mica::test::object_of(waits), KernelMode) != FALSE));
  mica::test::join(waits);
}

MICA_EXPLORE("X1-remove", "X1: a DPC is removed by a thread and by who interrupts it",
             .processors = 2, .bound = 1) {
  // Of low importance, so that it stays in the queue until something interrupts.
  KDPC low;
  std::atomic<int> inserted{0}, removed{0}, ran{0};
  KeInitializeDpc(
      &low,
      [](KDPC*, PVOID context, PVOID, PVOID) NTAPI { ++*static_cast<std::atomic<int>*>(context); },
      &ran);
  KeSetImportanceDpc(&low, LowImportance);
  auto remove = [&] {
    inserted += KeInsertQueueDpc(&low, nullptr, nullptr) != FALSE;
    removed += KeRemoveQueueDpc(&low) != FALSE;
  };
  interrupt(window, remove);
  MICA_CHECK(inserted == removed + ran);
}
