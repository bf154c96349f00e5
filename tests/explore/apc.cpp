// A1: an APC is delivered once, where and when levels and regions allow it. W2: it interrupts a
// wait, which goes on.
#include <nt/ex.h>

#include "rig.hpp"

using namespace mica::explore;

namespace {

// An APC of the team's first thread, which notes what became of it.
class Noted {
 public:
  enum Kind { special, normal, user };

  Noted(Team& team, Kind kind) noexcept : team_{team}, kind_{kind} {}

  // Once the team runs. Whether it was queued: the thread may have ended.
  bool insert() noexcept {
    KeInitializeApc(
        &apc_, team_.thread(0), OriginalApcEnvironment, kernel_routine,
        [](PKAPC apc) NTAPI { ++of(apc).run_down_; }, kind_ == special ? nullptr : normal_routine,
        kind_ == user ? UserMode : KernelMode, nullptr);
    return queued_ = insert_again();
  }
  bool insert_again() noexcept { return KeInsertQueueApc(&apc_, this, nullptr, 0) != FALSE; }
  bool remove() noexcept { return KeRemoveQueueApc(&apc_) != FALSE; }
  [[nodiscard]] bool queued() const noexcept { return queued_; }
  [[nodiscard]] int ran() const noexcept { return ran_; }
  [[nodiscard]] int run_down() const noexcept { return run_down_; }
  // While it is set a normal APC must not run.
  bool forbidden = false;

 private:
  static Noted& of(PKAPC apc) noexcept { return *static_cast<Noted*>(apc->SystemArgument1); }
  void note(KIRQL level) noexcept {
    MICA_CHECK(KeGetCurrentIrql() == level);
    MICA_CHECK(KeGetCurrentThread() == team_.thread(0));
    MICA_CHECK(!forbidden);
    ++ran_;
  }
  static void NTAPI kernel_routine(PKAPC apc, PKNORMAL_ROUTINE* normal, PVOID*, PVOID*, PVOID*) {
    if (*normal == nullptr) of(apc).note(APC_LEVEL);
  }
  static void NTAPI normal_routine(PVOID, PVOID self, PVOID) {
    static_cast<Noted*>(self)->note(PASSIVE_LEVEL);
  }

  Team& team_;
  Kind const kind_;
  KAPC apc_;
  bool queued_ = false;
  int ran_ = 0, run_down_ = 0;
};

// One that sets the event that is its first argument.
void initialize_setting(KAPC& apc, PKTHREAD thread) noexcept {
  KeInitializeApc(
      &apc, thread, OriginalApcEnvironment,
      [](PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID* event, PVOID*)
          NTAPI { KeSetEvent(static_cast<PRKEVENT>(*event), 0, FALSE); },
      nullptr, nullptr, KernelMode, nullptr);
}

}  // namespace

MICA_EXPLORE("A1-wait", "A1: an APC that comes as its thread begins to wait runs all the same",
             .processors = 2, .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::special};
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto waiter = [&] { MICA_CHECK(wait(&event) == STATUS_SUCCESS); };
  auto other = [&] {
    MICA_CHECK(apc.insert());  // it waits for what comes now
    KeSetEvent(&event, 0, FALSE);
  };
  meet(team, waiter, other);
  MICA_CHECK(apc.ran() == 1);
}

MICA_EXPLORE("A1-alone", "A1: an APC is what lets its thread go on, wherever it finds it",
             .processors = 2, .bound = 1) {
  Team team{window};
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KAPC apc;
  auto waiter = [&] { MICA_CHECK(wait(&event) == STATUS_SUCCESS); };
  auto other = [&] {
    initialize_setting(apc, team.thread(0));
    MICA_CHECK(KeInsertQueueApc(&apc, &event, nullptr, 0));
  };
  meet(team, waiter, other);
}

MICA_EXPLORE("A1-all", "A1: an APC meets a wait for all that is looked at again", .processors = 2,
             .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::special};
  KEVENT events[2];
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto waiter = [&] { MICA_CHECK(wait_for_both(&events[0], &events[1]) == STATUS_SUCCESS); };
  auto setter = [&] {
    KeSetEvent(&events[0], 0, FALSE);
    KeSetEvent(&events[1], 0, FALSE);
  };
  auto inserter = [&] { apc.insert(); };
  team.add(waiter, {.processor = 0});
  team.add(setter, {.processor = 1});
  team.add(inserter, {.processor = 0});
  team.run();
  MICA_CHECK(apc.ran() == apc.queued());
  for (KEVENT& event : events) MICA_CHECK(KeReadStateEvent(&event) == 0);
}

MICA_EXPLORE("A1-all-alone", "A1: an APC lets a wait for all go on that others look at meanwhile",
             .processors = 2, .bound = 1) {
  Team team{window};
  KEVENT events[2];
  for (KEVENT& event : events) KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KAPC apc;
  auto waiter = [&] { MICA_CHECK(wait_for_both(&events[0], &events[1]) == STATUS_SUCCESS); };
  auto setter = [&] { KeSetEvent(&events[0], 0, FALSE); };
  auto inserter = [&] {
    initialize_setting(apc, team.thread(0));
    MICA_CHECK(KeInsertQueueApc(&apc, &events[1], nullptr, 0));
  };
  team.add(waiter, {.processor = 0});
  team.add(setter, {.processor = 1});
  team.add(inserter, {.processor = 0});
  team.run();
}

MICA_EXPLORE("A1-soon", "A1: an APC that comes as its thread begins to wait waits for no tick",
             .processors = 2, .bound = 1) {
  Team team{window};
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  KAPC apc;
  ULONG64 counter;
  ULONGLONG inserted = 0;
  auto waiter = [&] {
    MICA_CHECK(wait(&event) == STATUS_SUCCESS);
    MICA_CHECK(KeQueryInterruptTimePrecise(&counter) < inserted + tick_100ns / 2);
  };
  auto other = [&] {
    initialize_setting(apc, team.thread(0));
    inserted = KeQueryInterruptTimePrecise(&counter);
    MICA_CHECK(KeInsertQueueApc(&apc, &event, nullptr, 0));
  };
  meet(team, waiter, other);
}

MICA_EXPLORE("A1-timeout", "A1: an APC meets the end of a wait's time", .processors = 2,
             .time_jumps = true, .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::special};
  KEVENT event;
  KeInitializeEvent(&event, SynchronizationEvent, FALSE);
  auto waiter = [&] { MICA_CHECK(wait(&event, tick_100ns) == STATUS_TIMEOUT); };
  auto other = [&] { apc.insert(); };
  meet(team, waiter, other);
  MICA_CHECK(apc.ran() == apc.queued());
}

MICA_EXPLORE("A1-region", "A1: a normal APC runs before or after a critical region, once",
             .processors = 2, .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::normal};
  auto thread = [&] {
    KeEnterCriticalRegion();
    apc.forbidden = true;
    point();
    apc.forbidden = false;
    KeLeaveCriticalRegion();
  };
  auto other = [&] { apc.insert(); };
  meet(team, thread, other);
  MICA_CHECK(apc.ran() == apc.queued());
}

MICA_EXPLORE("A1-mutex", "A1: a normal APC runs before its thread has a mutex or after it, once",
             .processors = 2, .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::normal};
  KMUTEX mutex;
  KeInitializeMutex(&mutex, 0);
  auto own = [&] {
    MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
    apc.forbidden = true;
    point();
    apc.forbidden = false;
    static_cast<void>(KeReleaseMutex(&mutex, FALSE));
  };
  auto rival = [&] {
    MICA_CHECK(wait(&mutex) == STATUS_SUCCESS);
    apc.insert();
    static_cast<void>(KeReleaseMutex(&mutex, FALSE));
  };
  meet(team, own, rival);
  MICA_CHECK(apc.ran() == apc.queued());
}

MICA_EXPLORE("A1-remove", "A1: an APC runs or is removed", .processors = 2, .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::special};
  int removed = 0;
  auto thread = [] {
    KeEnterCriticalRegion();
    KeLeaveCriticalRegion();
  };
  auto other = [&] {
    apc.insert();
    removed = apc.remove();
  };
  meet(team, thread, other);
  MICA_CHECK(apc.ran() + removed == apc.queued());
}

MICA_EXPLORE("A1-remove-special",
             "A1: who finds its special APC removed runs no normal one instead", .processors = 2,
             .bound = 1) {
  Team team{window};
  Noted special{team, Noted::special}, normal{team, Noted::normal};
  std::atomic<int> in_region{0}, inserted{0};
  auto thread = [&] {
    KeEnterCriticalRegion();
    normal.forbidden = true;
    in_region = 1;
    spin_while(inserted, 0);
    normal.forbidden = false;
    KeLeaveCriticalRegion();
  };
  auto other = [&] {
    spin_while(in_region, 0);
    normal.insert();
    special.insert();
    inserted = 1;
    special.remove();
  };
  meet(team, thread, other);
  MICA_CHECK(normal.ran() == normal.queued());
}

MICA_EXPLORE("A1-twice", "A1: an APC runs as often as it was queued", .processors = 2, .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::special};
  std::atomic<int> queued{0};
  auto thread = [] { mica::test::sleep(tick_100ns); };
  auto inserter = [&] { queued += apc.insert(); };
  auto again = [&] {
    // Initialized by the other: only then.
    if (queued != 0) queued += apc.insert_again();
  };
  team.add(thread, {.processor = 0});
  team.add(inserter, {.processor = 1});
  team.add(again, {.processor = 0});
  team.run();
  MICA_CHECK(apc.ran() == queued);
}

MICA_EXPLORE("A1-end", "A1: an APC meets its thread's end: it runs, or is refused", .processors = 2,
             .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::special};
  auto thread = [] {};
  auto other = [&] { apc.insert(); };
  meet(team, thread, other);
  MICA_CHECK(apc.ran() == apc.queued() && apc.run_down() == 0);
}

MICA_EXPLORE("A1-end-user", "A1: a user APC meets its thread's end: it is run down, or refused",
             .processors = 2, .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::user};
  auto thread = [] {};
  auto other = [&] { apc.insert(); };
  meet(team, thread, other);
  MICA_CHECK(apc.ran() == 0 && apc.run_down() == apc.queued());
}

MICA_EXPLORE("A1-end-pool", "A1: a user APC that nobody runs down is freed with its thread's end",
             .processors = 2, .bound = 1, .leaks = true) {
  Team team{window};
  auto thread = [] {};
  auto other = [&] {
    auto* const apc = static_cast<PKAPC>(
        ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof(KAPC), 'cpAx'));
    if (apc == nullptr) return;
    KeInitializeApc(
        apc, team.thread(0), OriginalApcEnvironment,
        [](PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) NTAPI {}, nullptr,
        [](PVOID, PVOID, PVOID) NTAPI {}, UserMode, nullptr);
    if (!KeInsertQueueApc(apc, nullptr, nullptr, 0)) ExFreePoolWithTag(apc, 'cpAx');
  };
  meet(team, thread, other);
}

MICA_EXPLORE("A1-user", "A1: a user APC ends an alertable wait, and is not lost", .processors = 2,
             .bound = 1) {
  Team team{window};
  Noted apc{team, Noted::user};
  KEVENT never;
  KeInitializeEvent(&never, SynchronizationEvent, FALSE);
  auto waiter = [&] {
    MICA_CHECK(KeWaitForSingleObject(&never, UserRequest, UserMode, TRUE, nullptr) ==
               STATUS_USER_APC);
  };
  auto other = [&] { MICA_CHECK(apc.insert()); };
  meet(team, waiter, other);
  MICA_CHECK(apc.run_down() == 1);
}
