// Work items.                                              [MSDN ExQueueWorkItem, WORK_QUEUE_TYPE]
#include <nt/ex.h>

#include <atomic>

#include "support.hpp"

using namespace mica::test;

namespace {

// An item that tells what its routine found.
class Errand {
 public:
  Errand() noexcept {
    KeInitializeEvent(&done_, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item_, perform, this);
  }

  void queue(ULONG type) noexcept { ExQueueWorkItem(&item_, static_cast<WORK_QUEUE_TYPE>(type)); }
  void finish() noexcept { wait(&done_); }

  PWORK_QUEUE_ITEM item() noexcept { return &item_; }
  int calls = 0;
  int again = 0;  // how often the routine queues its item once more
  KIRQL level = HIGH_LEVEL;
  BOOLEAN apcs_disabled = TRUE;
  KPRIORITY priority = -1;
  PKTHREAD thread = nullptr;
  KEVENT* before = nullptr;  // waited for first

 private:
  static VOID NTAPI perform(PVOID parameter) {
    auto& self = *static_cast<Errand*>(parameter);
    if (self.before != nullptr) wait(self.before);
    ++self.calls;
    self.level = KeGetCurrentIrql();
    self.apcs_disabled = KeAreApcsDisabled();
    self.thread = KeGetCurrentThread();
    self.priority = KeQueryPriorityThread(self.thread);
    if (self.again-- > 0) return self.queue(NormalWorkQueue);
    KeSetEvent(&self.done_, 0, FALSE);
  }

  WORK_QUEUE_ITEM item_;
  KEVENT done_;
};

bool invalid(Bugcheck const& end, ULONG_PTR what, PWORK_QUEUE_ITEM item, ULONG_PTR queue) {
  return end.happened && end.code == WORKER_INVALID && end.parameters[0] == what &&
         end.parameters[1] == reinterpret_cast<ULONG_PTR>(item) && end.parameters[2] == queue &&
         end.parameters[3] == 0;
}

}  // namespace

MICA_CASE("Ex: a work item's routine is called by a system thread at PASSIVE_LEVEL") {
  Errand errand;
  errand.queue(DelayedWorkQueue);
  errand.finish();
  MICA_CHECK(errand.calls == 1);
  MICA_CHECK(errand.level == PASSIVE_LEVEL && !errand.apcs_disabled);
  MICA_CHECK(errand.thread != nullptr && errand.thread != KeGetCurrentThread());
  MICA_CHECK(errand.item()->List.Flink == nullptr);
}

MICA_CASE("Ex: each work queue has its priority") {
  KPRIORITY const published[] = {13, 12, 15, 8, 7, 18, 14};
  for (ULONG type = CriticalWorkQueue; type < MaximumWorkQueue; ++type) {
    Errand errand;
    errand.queue(type);
    errand.finish();
    MICA_CHECK(errand.priority == published[type]);
  }
  for (KPRIORITY const priority : {1, 10, 31}) {
    Errand errand;
    errand.queue(CustomPriorityWorkQueue + static_cast<ULONG>(priority));
    errand.finish();
    MICA_CHECK(errand.priority == priority);
  }
}

MICA_CASE("Ex: a work item's routine may queue the item again") {
  Errand errand;
  errand.again = 3;
  errand.queue(DelayedWorkQueue);
  errand.finish();
  MICA_CHECK(errand.calls == 4);
}

MICA_CASE("Ex: a work item's routine may free the item") {
  static std::atomic<int> calls;
  calls = 0;
  constexpr ULONG tag = 0x6B72'6F57;  // Work
  for (int i = 0; i < 3; ++i) {
    auto* const item = static_cast<PWORK_QUEUE_ITEM>(
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(WORK_QUEUE_ITEM), tag));
    MICA_REQUIRE(item != nullptr);
    ExInitializeWorkItem(
        item,
        [](PVOID parameter) NTAPI {
          ExFreePoolWithTag(parameter, tag);
          ++calls;
        },
        item);
    ExQueueWorkItem(item, CriticalWorkQueue);
  }
  until([] { return calls == 3; });
}

MICA_CASE("Ex: a DPC may queue a work item") {
  Errand errand;
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID)
          NTAPI { static_cast<Errand*>(context)->queue(HyperCriticalWorkQueue); },
      &errand);
  KeInsertQueueDpc(&dpc, nullptr, nullptr);
  errand.finish();
  MICA_CHECK(errand.calls == 1 && errand.level == PASSIVE_LEVEL);
}

MICA_CASE("Ex: work items that wait do not hold up the one that they wait for") {
  KEVENT opened;
  KeInitializeEvent(&opened, NotificationEvent, FALSE);
  constexpr int count = 10;
  Errand waiting[count];
  for (Errand& errand : waiting) {
    errand.before = &opened;
    errand.queue(DelayedWorkQueue);
  }
  Errand opener;
  opener.queue(DelayedWorkQueue);
  opener.finish();
  for (Errand const& errand : waiting) MICA_CHECK(errand.calls == 0);
  KeSetEvent(&opened, 0, FALSE);
  for (Errand& errand : waiting) errand.finish();
  for (Errand const& errand : waiting) MICA_CHECK(errand.calls == 1);
}

MICA_CASE("Ex: what cannot be queued is bugcheck WORKER_INVALID") {
  Errand errand;
  PWORK_QUEUE_ITEM const item = errand.item();
  for (ULONG const type : {7u, 31u, 32u, 64u})
    MICA_CHECK(invalid(bugcheck_of([&] { errand.queue(type); }), 6, item, type));
  item->List.Flink = &item->List;  // as in a queue
  MICA_CHECK(
      invalid(bugcheck_of([&] { errand.queue(DelayedWorkQueue); }), 1, item, DelayedWorkQueue));
  item->List.Flink = nullptr;
  item->WorkerRoutine = nullptr;
  MICA_CHECK(
      invalid(bugcheck_of([&] { errand.queue(CriticalWorkQueue); }), 7, item, CriticalWorkQueue));
  MICA_CHECK(errand.calls == 0);
}

MICA_CASE("Ex: a work item is queued at DISPATCH_LEVEL at most") {
  Errand errand;
  Bugcheck const end = bugcheck_of([&] {
    KIRQL old;
    KeRaiseIrql(CLOCK_LEVEL, &old);
    errand.queue(DelayedWorkQueue);
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(end.parameters[0] == reinterpret_cast<ULONG_PTR>(errand.item()) &&
             end.parameters[1] == CLOCK_LEVEL);
}
