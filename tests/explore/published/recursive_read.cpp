// A reader takes a reader-writer lock once more while it holds it; a writer that came in between
// waits for the reader, and keeps new readers out. The lock here is the executive's own
// EX_SPIN_LOCK. The correction reads within one hold.
//   Vyukov, "sync: document RWMutex.RLock shouldn't be used recursively", golang/go issue 7576,
//   2014.
#include <nt/ex.h>

#include "parts.hpp"

using namespace mica::explore;

namespace {

template <bool mended>
void read_and_write(Window& window) {
  EX_SPIN_LOCK lock = 0;
  window.name(&lock, "lock");
  int value = 0;
  auto program = [&](unsigned number) {
    if (number == 1) {
      ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
      ++value;
      ExReleaseSpinLockExclusiveFromDpcLevel(&lock);
      return;
    }
    ExAcquireSpinLockSharedAtDpcLevel(&lock);
    if (!mended) ExAcquireSpinLockSharedAtDpcLevel(&lock);
    MICA_CHECK(value <= 1);
    if (!mended) ExReleaseSpinLockSharedFromDpcLevel(&lock);
    ExReleaseSpinLockSharedFromDpcLevel(&lock);
  };
  run_high(window, 2, program);
}

}  // namespace

MICA_PUBLISHED("Published: a writer comes between two holds of one reader", read_and_write,
               .id = "recursive-read", .system = "Go programs",
               .bug = "a reader takes the lock again while a writer waits for it",
               .described = "Vyukov, Go issue 7576, 2014",
               .address = "https://github.com/golang/go/issues/7576", .verdict = Verdict::deadlock)
