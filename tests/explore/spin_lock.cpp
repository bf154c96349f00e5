// L1: spin locks exclude, queued ones are first in, first out, and the level after is the level
// before.
#include <nt/ex.h>

#include "rig.hpp"

using namespace mica::explore;

namespace {

struct Section {
  int inside = 0;
  int turns = 0;
  void pass() noexcept {
    MICA_CHECK(++inside == 1);
    point();
    ++turns;
    point();
    --inside;
  }
};

}  // namespace

MICA_EXPLORE("L1-plain", "L1: a spin lock excludes and restores the level", .processors = 3) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Section section;
  auto locker = [&] {
    for (int i = 0; i < 2; ++i) {
      KIRQL const raised_to = i == 0 ? PASSIVE_LEVEL : APC_LEVEL;
      KIRQL before, old;
      KeRaiseIrql(raised_to, &before);
      KeAcquireSpinLock(&lock, &old);
      MICA_CHECK(old == raised_to);
      section.pass();
      KeReleaseSpinLock(&lock, old);
      MICA_CHECK(KeGetCurrentIrql() == raised_to);
      KeLowerIrql(before);
    }
  };
  Team team{window};
  for (int i = 0; i < 3; ++i) team.add(locker, {.processor = i});
  team.run();
  MICA_CHECK(section.turns == 6);
}

MICA_EXPLORE("L1-queued", "L1: a queued spin lock excludes", .processors = 3) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Section section;
  auto locker = [&] {
    for (int i = 0; i < 2; ++i) {
      KLOCK_QUEUE_HANDLE handle;
      KeAcquireInStackQueuedSpinLock(&lock, &handle);
      section.pass();
      KeReleaseInStackQueuedSpinLock(&handle);
      MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    }
  };
  Team team{window};
  for (int i = 0; i < 3; ++i) team.add(locker, {.processor = i});
  team.run();
  MICA_CHECK(section.turns == 6);
}

MICA_EXPLORE("L1-shared", "L1: an EX_SPIN_LOCK admits readers together and a writer alone",
             .processors = 3) {
  EX_SPIN_LOCK lock = 0;
  std::atomic<int> readers{0}, together{0};
  int writers = 0;
  auto reader = [&] {
    for (int i = 0; i < 2; ++i) {
      KIRQL const old = ExAcquireSpinLockShared(&lock);
      ++readers;
      MICA_CHECK(writers == 0);
      point();
      if (readers > 1) ++together;
      MICA_CHECK(writers == 0);
      --readers;
      ExReleaseSpinLockShared(&lock, old);
    }
  };
  auto writer = [&] {
    for (int i = 0; i < 2; ++i) {
      KIRQL const old = ExAcquireSpinLockExclusive(&lock);
      MICA_CHECK(++writers == 1);
      MICA_CHECK(readers == 0);
      point();
      MICA_CHECK(readers == 0);
      --writers;
      ExReleaseSpinLockExclusive(&lock, old);
    }
  };
  Team team{window};
  team.add(reader, {.processor = 0});
  team.add(reader, {.processor = 1});
  team.add(writer, {.processor = 2});
  team.run();
  MICA_CHECK(lock == 0);
}
