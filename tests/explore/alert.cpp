// W2, W3: an alert ends one wait, the one it finds or the next alertable one, and no other.
#include "together.hpp"

using namespace mica::explore;

namespace {

// Somebody who is alerted, and how often alerts found none left before them.
struct Alerted {
  KEVENT events[2];
  std::atomic<int> left{0}, ended{0};

  Alerted() noexcept {
    for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  }
  void alert(PKTHREAD thread) noexcept { left += KeAlertThread(thread, KernelMode) == FALSE; }
  NTSTATUS wait_for(WAIT_TYPE type) noexcept {
    PVOID objects[] = {&events[0], &events[1]};
    NTSTATUS const status =
        KeWaitForMultipleObjects(2, objects, type, Executive, KernelMode, TRUE, nullptr, nullptr);
    ended += status == STATUS_ALERTED;
    return status;
  }
  // Each alert that was left has ended one wait, or is left still.
  void check(PKTHREAD thread) noexcept {
    MICA_CHECK(left == ended + (KeAlertThread(thread, KernelMode) != FALSE));
  }
};

}  // namespace

MICA_EXPLORE("W2-alert-once", "W2: an alert ends one alertable wait, now or later, and no other",
             .processors = 2, .bound = 1) {
  Alerted alerted;
  Team team{window};
  auto waiter = [&] {
    MICA_CHECK(alerted.wait_for(WaitAny) != STATUS_WAIT_1);
    MICA_CHECK(wait(&alerted.events[1]) == STATUS_SUCCESS);
  };
  auto setter = [&] {
    KeSetEvent(&alerted.events[0], 0, FALSE);
    KeSetEvent(&alerted.events[1], 0, FALSE);
  };
  auto alerter = [&] {
    alerted.alert(team.thread(0));
    alerted.alert(team.thread(0));
  };
  team.add(waiter, {.processor = 0});
  meet(team, setter, alerter);
  alerted.check(team.thread(0));
}

MICA_EXPLORE("W2-alert-alone",
             "W2: a wait that only an alert can end is ended by it, and knows what was done before",
             .processors = 2, .bound = 1) {
  Alerted alerted;
  Team team{window};
  int told = 0;
  auto waiter = [&] {
    MICA_CHECK(alerted.wait_for(WaitAny) == STATUS_ALERTED);
    MICA_CHECK(told == 1);
  };
  auto alerter = [&] {
    told = 1;
    alerted.alert(team.thread(0));
  };
  meet(team, waiter, alerter);
  alerted.check(team.thread(0));
}

MICA_EXPLORE("W3-alert",
             "W3: an alert that meets an evaluation ends the wait, or the last event did",
             .processors = 2, .bound = 1) {
  Alerted alerted;
  Team team{window};
  NTSTATUS status = STATUS_PENDING;
  auto waiter = [&] { status = alerted.wait_for(WaitAll); };
  auto setter = [&] {
    KeSetEvent(&alerted.events[0], 0, FALSE);
    KeSetEvent(&alerted.events[1], 0, FALSE);
  };
  auto alerter = [&] { alerted.alert(team.thread(0)); };
  team.add(waiter, {.processor = 0});
  meet(team, setter, alerter);
  MICA_CHECK(status == STATUS_SUCCESS || status == STATUS_ALERTED);
  for (KEVENT& event : alerted.events)
    MICA_CHECK(KeReadStateEvent(&event) == (status == STATUS_ALERTED));
  alerted.check(team.thread(0));
}

MICA_EXPLORE("W3-alert-alone", "W3: a wait for all that only an alert can end is ended by it",
             .processors = 2, .bound = 1) {
  Alerted alerted;
  Team team{window};
  auto waiter = [&] { MICA_CHECK(alerted.wait_for(WaitAll) == STATUS_ALERTED); };
  auto setter = [&] { KeSetEvent(&alerted.events[0], 0, FALSE); };
  auto alerter = [&] { alerted.alert(team.thread(0)); };
  team.add(waiter, {.processor = 0});
  meet(team, setter, alerter);
  MICA_CHECK(KeReadStateEvent(&alerted.events[0]) != 0);
  alerted.check(team.thread(0));
}

MICA_EXPLORE("W2-alert-late", "W2: the wake of an alert that comes late does not end the next wait",
             .processors = 2, .bound = 2) {
  Alerted alerted;
  std::atomic<PKTHREAD> waiter{nullptr};
  std::atomic<bool> set{false};
  auto program = [&](unsigned number) {
    if (number == 0) {
      spin_while(waiter, nullptr);
      alerted.alert(waiter);
      set = true;
      KeSetEvent(&alerted.events[0], 0, FALSE);
      return;
    }
    waiter = KeGetCurrentThread();
    Passive passive;
    if (alerted.wait_for(WaitAny) == STATUS_ALERTED) {
      MICA_CHECK(wait(&alerted.events[0]) == STATUS_SUCCESS);
    }
    MICA_CHECK(set);
  };
  run_together(window, {2}, program);
  alerted.check(waiter);
}

MICA_EXPLORE("W2-alert-order", "W2: who takes an alert back sees what came before it",
             .processors = 2, .bound = 1) {
  Team team{window};
  int told = 0;
  auto taker = [&] {
    if (KeTestAlertThread(KernelMode) != FALSE) MICA_CHECK(told == 1);
  };
  auto alerter = [&] {
    told = 1;
    KeAlertThread(team.thread(0), KernelMode);
  };
  meet(team, taker, alerter);
}
