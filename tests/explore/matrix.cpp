// Every two operations on dispatcher objects, DPCs and threads that can meet: each on a processor
// of its own, on the same objects.
//   What each pair must keep is what all keep: no race, no bugcheck, no deadlock, every wait ends,
//   and nobody is left in a wait list.
#include <string>

#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Things {
  KEVENT event, notification;
  KSEMAPHORE semaphore;
  KMUTEX mutex;
  KTIMER timer;
  KDPC dpc;
  std::atomic<int> dpcs{0};
  std::atomic<PKTHREAD> threads[2]{};

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
  }
};

void end_wait(NTSTATUS status) noexcept {
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_WAIT_1 || status == STATUS_TIMEOUT ||
             status == STATUS_ALERTED);
}

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

struct Operation {
  char const* name;
  void (*run)(Things& things);
};

constexpr Operation operations[] = {
    {"set", [](Things& things) { KeSetEvent(&things.event, 1, FALSE); }},
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
    {"move",
     [](Things&) {
       KAFFINITY const old = KeSetSystemAffinityThreadEx(3);
       KeRevertToUserAffinityThreadEx(old);
     }},
};

// Which two meet in the execution that comes: a scenario has no arguments.
Operation const* meeting[2];

bool nobody_waits(DISPATCHER_HEADER const& header) noexcept {
  return header.WaitListHead.Flink == &header.WaitListHead;
}

void meet(Window& window) {
  Things things;
  auto const run = [&](int number) {
    things.threads[number] = KeGetCurrentThread();
    meeting[number]->run(things);
  };
  auto first = [&] { run(0); };
  auto second = [&] { run(1); };
  {
    Team team{window};
    team.add(first, {.processor = 0});
    team.add(second, {.processor = 1});
    team.run();
  }
  KeCancelTimer(&things.timer);
  KeFlushQueuedDpcs();
  for (DISPATCHER_HEADER const* header :
       {&things.event.Header, &things.notification.Header, &things.semaphore.Header,
        &things.mutex.Header, &things.timer.Header})
    MICA_CHECK(nobody_waits(*header));
  MICA_CHECK(things.dpcs <= 3);
}

}  // namespace

TEST_CASE("Matrix: any two operations may meet", "[explore][matrix]") {
  for (Operation const& first : operations) {
    for (Operation const& second : operations) {
      if (&second < &first) continue;
      meeting[0] = &first;
      meeting[1] = &second;
      std::string const id = std::string{first.name} + "+" + second.name;
      try_case({.id = id.c_str(), .processors = 2, .share_percent = 5}, meet);
    }
  }
}
