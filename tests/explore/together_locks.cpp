// L1: spin locks of every form, taken at DISPATCH_LEVEL by processors that do nothing else: every
// execution that conflicts tell apart is made.
#include <nt/ex.h>

#include "together.hpp"

using namespace mica::explore;

MICA_EXPLORE("L1-try", "L1: who tries a spin lock takes it only when nobody has it",
             .processors = 3, .loop_free = true) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  int turns = 0;
  std::atomic<int> taken{0};
  auto program = [&](unsigned number) {
    if (number == 0)
      KeAcquireSpinLockAtDpcLevel(&lock);
    else if (!KeTryToAcquireSpinLockAtDpcLevel(&lock))
      return;
    ++turns;
    ++taken;
    KeReleaseSpinLockFromDpcLevel(&lock);
  };
  run_together(window, {3}, program);
  MICA_CHECK(turns == taken);
  MICA_CHECK(KeTestSpinLock(&lock));
}

MICA_EXPLORE("L1-queued-three", "L1: a queued spin lock taken at DISPATCH_LEVEL by three excludes",
             .processors = 3, .bound = 2) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  int turns = 0;
  auto program = [&](unsigned) {
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    ++turns;
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  };
  run_together(window, {3}, program);
  MICA_CHECK(turns == 3);
  MICA_CHECK(KeTestSpinLock(&lock));
}

MICA_EXPLORE("L1-queued-order",
             "L1: who waits for a queued spin lock has it before who comes later", .processors = 2,
             .loop_free = true) {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  std::atomic<int> held{0}, turns{0};
  auto program = [&](unsigned number) {
    KLOCK_QUEUE_HANDLE handle;
    if (number == 1) {
      spin_while(held, 0);
      KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
      MICA_CHECK(turns++ == 1);
      KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
      return;
    }
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    std::atomic_ref<KSPIN_LOCK> const end{lock};
    KSPIN_LOCK const own = end.load();
    held = 1;
    // Until the other is the queue's end.
    do mica::Machine::await(end, own);
    while (end.load() == own);
    MICA_CHECK(turns++ == 0);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&lock, &handle);
    MICA_CHECK(turns++ == 2);
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
  };
  run_together(window, {2}, program);
  MICA_CHECK(turns == 3);
}

MICA_EXPLORE("L1-shared-three", "L1: of two readers and a writer the writer is alone",
             .processors = 3, .bound = 2) {
  EX_SPIN_LOCK lock = 0;
  int value = 0;
  auto program = [&](unsigned number) {
    if (number == 2) {
      ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
      ++value;
      ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
      return;
    }
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    MICA_CHECK(value <= 1);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
  };
  run_together(window, {3}, program);
  MICA_CHECK(value == 1);
  MICA_CHECK(lock == 0);
}

MICA_EXPLORE("L1-shared-try", "L1: tries of an EX_SPIN_LOCK exclude as acquisitions do",
             .processors = 3, .loop_free = true) {
  EX_SPIN_LOCK lock = 0;
  int value = 0;
  std::atomic<int> writes{0};
  auto program = [&](unsigned number) {
    if (number != 2) {
      if (!ExTryAcquireSpinLockExclusiveAtDpcLevel(&lock)) return;
      ++value;
      ++writes;
      ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
    } else if (ExTryAcquireSpinLockSharedAtDpcLevel(&lock)) {
      MICA_CHECK(value <= 2);
      ExReleaseSpinLockSharedFromDpcLevel(&lock);
    }
  };
  run_together(window, {3}, program);
  MICA_CHECK(value == writes);
  MICA_CHECK(lock == 0);
}

MICA_EXPLORE("L1-upgrade", "L1: of readers that upgrade at most one becomes the writer, when alone",
             .processors = 3, .bound = 2) {
  EX_SPIN_LOCK lock = 0;
  int value = 0;
  std::atomic<int> upgrades{0};
  auto program = [&](unsigned) {
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    if (ExTryConvertSharedSpinLockExclusive(&lock)) {
      ++value;
      ++upgrades;
      ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
      return;
    }
    MICA_CHECK(value <= 3);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
  };
  run_together(window, {3}, program);
  MICA_CHECK(value == upgrades);
  MICA_CHECK(lock == 0);
}

MICA_EXPLORE("L1-late-reader", "L1: a reader that comes while a writer waits reads what it wrote",
             .processors = 3, .bound = 2) {
  EX_SPIN_LOCK lock = 0;
  std::atomic_ref<LONG> const word{lock};
  std::atomic<int> held{0}, coming{0};
  int value = 0;
  auto program = [&](unsigned number) {
    if (number != 0) spin_while(held, 0);
    switch (number) {
      case 0:
        ExAcquireSpinLockSharedAtDpcLevel(&lock);
        held = 1;
        spin_while(coming, 0);
        MICA_CHECK(value == 0);
        return ExReleaseSpinLockSharedFromDpcLevel(&lock);
      case 1:
        ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
        ++value;
        return ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
      default:
        // Until the writer has said that it waits.
        do mica::Machine::await(word, 1);
        while (word.load() == 1);
        coming = 1;
        ExAcquireSpinLockSharedAtDpcLevel(&lock);
        MICA_CHECK(value == 1);
        ExReleaseSpinLockSharedFromDpcLevel(&lock);
    }
  };
  run_together(window, {3}, program);
  MICA_CHECK(lock == 0);
}
