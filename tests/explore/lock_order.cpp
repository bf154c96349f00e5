// L6: deadlock detection learns and judges the same whoever comes first, and nothing races in it.
#include <nt/ex.h>

#include <optional>

#include "together.hpp"

using namespace mica::explore;

namespace {

struct Locks {
  mica::test::DeadlockDetection detection;
  KSPIN_LOCK outer;
  KSPIN_LOCK inner;
  int passed = 0;

  Locks() noexcept {
    KeInitializeSpinLock(&outer);
    KeInitializeSpinLock(&inner);
  }
  void pass() noexcept {
    KeAcquireSpinLockAtDpcLevel(&outer);
    KeAcquireSpinLockAtDpcLevel(&inner);
    ++passed;
    KeReleaseSpinLockFromDpcLevel(&inner);
    KeReleaseSpinLockFromDpcLevel(&outer);
  }
};

}  // namespace

MICA_EXPLORE("L6-order", "L6: two processors that take locks in one order are told nothing",
             .processors = 2, .bound = 2) {
  Locks locks;
  auto program = [&](unsigned) { locks.pass(); };
  run_together(window, {2}, program);
  MICA_CHECK(locks.passed == 2);
}

// One learns while the other's lock is new.
MICA_EXPLORE("L6-new", "L6: a lock may be initialised while others are taken", .processors = 2,
             .bound = 2) {
  Locks locks;
  KSPIN_LOCK fresh;
  auto program = [&](unsigned number) {
    if (number == 0) return locks.pass();
    KeInitializeSpinLock(&fresh);
    KeAcquireSpinLockAtDpcLevel(&fresh);
    KeAcquireSpinLockAtDpcLevel(&locks.inner);
    KeReleaseSpinLockFromDpcLevel(&locks.inner);
    KeReleaseSpinLockFromDpcLevel(&fresh);
  };
  run_together(window, {2}, program);
  MICA_CHECK(locks.passed == 1);
}

MICA_EXPLORE("L6-end", "L6: detection may end while another processor tells it of a lock",
             .processors = 2, .bound = 2) {
  std::optional<mica::test::DeadlockDetection> detection{std::in_place};
  auto* const lock =
      static_cast<PKSPIN_LOCK>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(KSPIN_LOCK), 'kcoL'));
  KeInitializeSpinLock(lock);
  auto program = [&](unsigned number) {
    if (number != 0) return detection.reset();
    KeAcquireSpinLockAtDpcLevel(lock);
    KeReleaseSpinLockFromDpcLevel(lock);
    MICA_CHECK(*lock == 0);
    ExFreePool(lock);
  };
  run_together(window, {2}, program);
}
