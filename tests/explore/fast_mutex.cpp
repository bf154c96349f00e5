// L5: a fast mutex excludes, and no release is lost to who waits for it.
#include "together.hpp"

using namespace mica::explore;

namespace {

struct Section {
  FAST_MUTEX mutex;
  int inside = 0;
  int turns = 0;

  Section() noexcept { ExInitializeFastMutex(&mutex); }
  void pass() noexcept {
    MICA_CHECK(++inside == 1);
    point();
    ++turns;
    --inside;
  }
  void enter() noexcept {
    ExAcquireFastMutex(&mutex);
    pass();
    ExReleaseFastMutex(&mutex);
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  }
  void ends(int expected) noexcept {
    MICA_CHECK(turns == expected);
    MICA_CHECK(mutex.Count == FM_LOCK_BIT && mutex.Owner == nullptr);
    MICA_CHECK(KeReadStateEvent(&mutex.Event) == 0);
  }
};

}  // namespace

MICA_EXPLORE("L5-two", "L5: of two threads that want a fast mutex both get it, one at a time",
             .processors = 2, .bound = 2) {
  Section section;
  auto program = [&](unsigned) {
    Passive passive;
    section.enter();
  };
  run_together(window, {2}, program);
  section.ends(2);
}

// A waiter that was woken, a thread that comes before it, and one that waits behind it.
MICA_EXPLORE("L5-three", "L5: a fast mutex loses no wake however three threads meet at it",
             .processors = 3) {
  Section section;
  auto user = [&] {
    for (int i = 0; i < 2; ++i) section.enter();
  };
  Team team{window};
  for (int i = 0; i < 3; ++i) team.add(user, {.processor = i});
  team.run();
  section.ends(6);
}

// Who comes last finds the mutex about to be released to who waits.
MICA_EXPLORE("L5-late", "L5: who comes while a fast mutex is released gets it too",
             .processors = 3) {
  Section section;
  std::atomic_ref<LONG> const count{const_cast<LONG&>(section.mutex.Count)};
  auto until_somebody_waits = [&] {
    do mica::Machine::await(count, 0);
    while (count.load() == 0);
  };
  std::atomic<int> owned{0};
  auto owner = [&] {
    ExAcquireFastMutex(&section.mutex);
    owned = 1;
    until_somebody_waits();
    section.pass();
    ExReleaseFastMutex(&section.mutex);
  };
  auto waiter = [&] {
    spin_while(owned, 0);
    section.enter();
  };
  auto late = [&] {
    spin_while(owned, 0);
    until_somebody_waits();
    section.enter();
  };
  Team team{window};
  team.add(owner, {.processor = 0});
  team.add(waiter, {.processor = 1});
  team.add(late, {.processor = 2});
  team.run();
  section.ends(3);
}

MICA_EXPLORE("L5-try", "L5: who tries a fast mutex takes it only when nobody has it",
             .processors = 3) {
  Section section;
  std::atomic<int> taken{1};
  auto user = [&] { section.enter(); };
  auto attempt = [&] {
    if (!ExTryToAcquireFastMutex(&section.mutex)) return;
    section.pass();
    ++taken;
    ExReleaseFastMutex(&section.mutex);
  };
  Team team{window};
  team.add(user, {.processor = 0});
  team.add(attempt, {.processor = 1});
  team.add(attempt, {.processor = 2});
  team.run();
  section.ends(taken);
}

MICA_EXPLORE("L5-unsafe", "L5: safe and unsafe owners of a guarded mutex exclude each other",
             .processors = 2, .bound = 2) {
  Section section;
  auto program = [&](unsigned number) {
    Passive passive;
    if (number == 0) {
      KeAcquireGuardedMutex(&section.mutex);
      section.pass();
      return KeReleaseGuardedMutex(&section.mutex);
    }
    KeEnterGuardedRegion();
    KeAcquireGuardedMutexUnsafe(&section.mutex);
    section.pass();
    KeReleaseGuardedMutexUnsafe(&section.mutex);
    KeLeaveGuardedRegion();
  };
  run_together(window, {2}, program);
  section.ends(2);
}
