// Every two operations on dispatcher objects, DPCs and threads that can meet: each on a processor
// of its own, on the same objects.
//   What each pair must keep is what all keep: no race, no bugcheck, no deadlock, every wait ends,
//   and nobody is left in a wait list.
#include <nt/ps.h>
#include <nt/zw.h>

#include "matrix.hpp"

using namespace mica::explore;

namespace {

void end_wait(NTSTATUS status) noexcept {
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_WAIT_1 || status == STATUS_TIMEOUT ||
             status == STATUS_ALERTED);
}

struct Things {
  KEVENT event, notification;
  KSEMAPHORE semaphore;
  KMUTEX mutex;
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> dpcs{0};
  std::atomic<PKTHREAD> threads[2]{};
  // Ends itself when it is let.
  KEVENT let_end;
  mica::test::Thread* ending;

  Things() noexcept {
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeEvent(&notification, NotificationEvent, FALSE);
    KeInitializeSemaphore(&semaphore, 1, 8);
    KeInitializeMutex(&mutex, 0);
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(
        &dpc,
        [](KDPC*, PVOID context, PVOID, PVOID) NTAPI { ++static_cast<Things*>(context)->dpcs; },
        this);
    KeInitializeEvent(&let_end, NotificationEvent, FALSE);
    ending = mica::test::start(*this, {.processor = 1, .priority = 9});
    mica::test::until_waiting(ending);
  }
  // The thread that ends.
  void operator()() noexcept {
    end_wait(wait(&let_end));
    PsTerminateSystemThread(STATUS_SUCCESS);
  }
  void begins() noexcept { threads[KeGetCurrentProcessorNumber()] = KeGetCurrentThread(); }
  void ends() noexcept {
    KeSetEvent(&let_end, 0, FALSE);
    mica::test::join(ending);
    KeCancelTimer(&timer);
    KeFlushQueuedDpcs();
    for (DISPATCHER_HEADER const* header :
         {&event.Header, &notification.Header, &semaphore.Header, &mutex.Header, &timer.Header})
      MICA_CHECK(header->WaitListHead.Flink == &header->WaitListHead);
    MICA_CHECK(dpcs <= 3);
  }
};

void wait_both(Things& things, WAIT_TYPE type) noexcept {
  PVOID objects[] = {&things.event, &things.semaphore};
  LARGE_INTEGER timeout = relative(1);
  end_wait(
      KeWaitForMultipleObjects(2, objects, type, Executive, KernelMode, TRUE, &timeout, nullptr));
}

void own(Things& things) noexcept {
  NTSTATUS const status = wait(&things.mutex, 1);
  end_wait(status);
  if (status == STATUS_SUCCESS) KeReleaseMutex(&things.mutex, FALSE);
}

// The other thread; null while it has not begun.
PKTHREAD other(Things& things) noexcept {
  return things.threads[things.threads[0] == KeGetCurrentThread() ? 1 : 0];
}

constexpr Operation<Things> operations[] = {
    {"set", [](Things& things) { KeSetEvent(&things.event, 1, FALSE); }},
    {"pulse", [](Things& things) { KePulseEvent(&things.event, 1, FALSE); }},
    {"pulse-all", [](Things& things) { KePulseEvent(&things.notification, 1, FALSE); }},
    {"reset", [](Things& things) { KeResetEvent(&things.event); }},
    {"clear", [](Things& things) { KeClearEvent(&things.event); }},
    {"read", [](Things& things) { static_cast<void>(KeReadStateEvent(&things.event)); }},
    {"wait", [](Things& things) { end_wait(wait(&things.event, 1, TRUE)); }},
    {"poll", [](Things& things) { end_wait(wait(&things.event, 0)); }},
    {"set-all", [](Things& things) { KeSetEvent(&things.notification, 1, FALSE); }},
    {"wait-all-set", [](Things& things) { end_wait(wait(&things.notification, 1)); }},
    {"release", [](Things& things) { KeReleaseSemaphore(&things.semaphore, 1, 2, FALSE); }},
    {"take", [](Things& things) { end_wait(wait(&things.semaphore, 1)); }},
    {"count", [](Things& things) { static_cast<void>(KeReadStateSemaphore(&things.semaphore)); }},
    {"own", own},
    {"owned", [](Things& things) { static_cast<void>(KeReadStateMutex(&things.mutex)); }},
    {"any", [](Things& things) { wait_both(things, WaitAny); }},
    {"all", [](Things& things) { wait_both(things, WaitAll); }},
    {"arm", [](Things& things) { KeSetTimer(&things.timer, relative(1), &things.dpc); }},
    {"cancel", [](Things& things) { KeCancelTimer(&things.timer); }},
    {"fired", [](Things& things) { static_cast<void>(KeReadStateTimer(&things.timer)); }},
    {"expect", [](Things& things) { end_wait(wait(&things.timer, 30'000)); }},
    {"insert", [](Things& things) { KeInsertQueueDpc(&things.dpc, nullptr, nullptr); }},
    {"remove", [](Things& things) { KeRemoveQueueDpc(&things.dpc); }},
    {"flush", [](Things&) { KeFlushQueuedDpcs(); }},
    {"alert",
     [](Things& things) {
       if (PKTHREAD const thread = other(things)) KeAlertThread(thread, KernelMode);
     }},
    {"promote",
     [](Things& things) {
       if (PKTHREAD const thread = other(things)) KeSetPriorityThread(thread, 12);
     }},
    {"rank",
     [](Things& things) {
       if (PKTHREAD const thread = other(things)) static_cast<void>(KeQueryPriorityThread(thread));
     }},
    {"demote",
     [](Things& things) {
       if (PKTHREAD const thread = other(things)) KeSetPriorityThread(thread, 4);
     }},
    {"ideal",
     [](Things& things) {
       if (PKTHREAD const thread = other(things)) KeSetIdealProcessorThread(thread, 1);
     }},
    {"end", [](Things& things) { KeSetEvent(&things.let_end, 0, FALSE); }},
    {"expect-end", [](Things& things) { end_wait(wait(mica::test::object_of(things.ending), 1)); }},
    {"yield", [](Things&) { ZwYieldExecution(); }},
    {"sleep", [](Things&) { mica::test::sleep(1); }},
    {"region",
     [](Things&) {
       KeEnterCriticalRegion();
       KeLeaveCriticalRegion();
     }},
    {"move",
     [](Things&) {
       KAFFINITY const old = KeSetSystemAffinityThreadEx(3);
       KeRevertToUserAffinityThreadEx(old);
     }},
};

}  // namespace

TEST_CASE("Matrix: any two operations on dispatcher objects may meet", "[explore][matrix]") {
  cross(operations);
}
