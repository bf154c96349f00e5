// Who holds a lock is not preempted: a thread of higher priority on the same processor, which wants
// that lock too, would spin for ever.
#include <nt/ps.h>
#include <nt/zw.h>

#include "conformance/process_support.hpp"
#include "ke/suspend.hpp"
#include "rig.hpp"

using namespace mica::explore;
using mica::test::OwnProcess;
using mica::test::ProcessThread;

namespace {

void NTAPI set(PKDPC, PVOID event, PVOID, PVOID) {
  KeSetEvent(static_cast<PKEVENT>(event), 0, FALSE);
}

// `second` comes over `first` on processor 0, by a DPC, whenever processor 1 lets it.
template <class First, class Second>
void come_over(Window& window, First first, Second second) {
  KEVENT come;
  KeInitializeEvent(&come, SynchronizationEvent, FALSE);
  KDPC dpc;
  KeInitializeDpc(&dpc, set, &come);
  KeSetTargetProcessorDpc(&dpc, 0);
  auto rival = [&] {
    MICA_CHECK(wait(&come) == STATUS_SUCCESS);
    second();
  };
  auto starter = [&] { KeInsertQueueDpc(&dpc, nullptr, nullptr); };
  Team team{window};
  team.add(rival, {.processor = 0, .priority = 12});
  team.add(first, {.processor = 0});
  team.add(starter, {.processor = 1});
  team.run();
}

}  // namespace

MICA_EXPLORE("K1-reset", "K1: who resets an event is not preempted meanwhile", .processors = 2,
             .bound = 1) {
  KEVENT event;
  KeInitializeEvent(&event, NotificationEvent, TRUE);
  auto reset = [&] { KeResetEvent(&event); };
  come_over(window, reset, reset);
  MICA_CHECK(KeReadStateEvent(&event) == 0);
}

MICA_EXPLORE("K1-cancel", "K1: who cancels a timer is not preempted meanwhile", .processors = 2,
             .bound = 1) {
  KTIMER timer;
  KeInitializeTimer(&timer);
  auto cancel = [&] { MICA_CHECK(KeCancelTimer(&timer) == FALSE); };
  come_over(window, cancel, cancel);
}

MICA_EXPLORE("K1-batch", "K1: who takes several entries of a queue is not preempted meanwhile",
             .processors = 2, .bound = 1) {
  KQUEUE queue;
  LIST_ENTRY entries[3];
  KeInitializeQueue(&queue, 1);
  KeInsertQueue(&queue, &entries[0]);
  KeInsertQueue(&queue, &entries[1]);
  std::atomic<ULONG> taken{0};
  auto take = [&] {
    PLIST_ENTRY some[3];
    taken = KeRemoveQueueEx(&queue, KernelMode, FALSE, nullptr, some, 3);
  };
  auto insert = [&] { KeInsertQueue(&queue, &entries[2]); };
  come_over(window, take, insert);
  MICA_CHECK(taken >= 2 && taken + static_cast<ULONG>(KeReadStateQueue(&queue)) == 3);
}

MICA_EXPLORE("K1-rundown", "K1: who runs a queue down is not preempted meanwhile", .processors = 2,
             .bound = 1) {
  KQUEUE queue;
  KeInitializeQueue(&queue, 1);
  auto run_down = [&] { MICA_CHECK(KeRundownQueue(&queue) == nullptr); };
  come_over(window, run_down, run_down);
}

MICA_EXPLORE("K1-clock", "K1: who sets the clock is not preempted meanwhile", .processors = 2,
             .bound = 1) {
  auto set_clock = [] {
    LARGE_INTEGER time;
    KeQuerySystemTime(&time);
    MICA_CHECK(ZwSetSystemTime(&time, nullptr) == STATUS_SUCCESS);
  };
  come_over(window, set_clock, set_clock);
}

MICA_EXPLORE("K1-ipi", "K1: who calls at IPI_LEVEL is not preempted meanwhile", .processors = 2,
             .bound = 1) {
  auto call = [] { KeIpiGenericCall([](ULONG_PTR) NTAPI -> ULONG_PTR { return 0; }, 0); };
  come_over(window, call, call);
}

MICA_EXPLORE("K1-start", "K1: who starts a thread is not preempted meanwhile", .processors = 2,
             .bound = 1) {
  auto start = [] {
    HANDLE thread = nullptr;
    MICA_CHECK(PsCreateSystemThread(
                   &thread, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, [](PVOID) NTAPI {},
                   nullptr) == STATUS_SUCCESS);
    ZwClose(thread);
  };
  come_over(window, start, [] {});
}

MICA_EXPLORE("K1-join", "K1: who makes a thread of a process is not preempted meanwhile",
             .processors = 2, .bound = 1) {
  OwnProcess process;
  bool ran = false;
  auto body = [&] { ran = true; };
  auto make = [&] { ProcessThread const thread{process, body}; };
  auto change = [&] { mica::ke::set_process_priority(process.kernel(), 9); };
  come_over(window, make, change);
  MICA_CHECK(ran);
}

MICA_EXPLORE("K1-freeze", "K1: who freezes or thaws a process is not preempted meanwhile",
             .processors = 2, .bound = 1) {
  OwnProcess process;
  auto freeze_and_thaw = [&] {
    mica::ke::freeze_process(process.kernel());
    mica::ke::thaw_process(process.kernel());
  };
  auto change = [&] { mica::ke::set_process_priority(process.kernel(), 9); };
  come_over(window, freeze_and_thaw, change);
}
