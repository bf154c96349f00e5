// T3: the look for live timers and DPCs in freed memory meets those who set and queue others.
//   The block has the copy of one that is pending: it names the wheel or the queue, which has
//   another one at that time.
#include <nt/ex.h>

#include "together.hpp"

using namespace mica::explore;

namespace {

void NTAPI nothing(PKDPC, PVOID, PVOID, PVOID) {}

LARGE_INTEGER in_an_hour() noexcept {
  LARGE_INTEGER due;
  due.QuadPart = -36'000'000'000;
  return due;
}

// A block of the pool where such an object was initialised, and then one was copied to.
template <class Object, class Initialize>
Object* copy_of(Object const& pending, Initialize initialize) noexcept {
  auto* const copy =
      static_cast<Object*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Object), 'emiT'));
  initialize(copy);
  *copy = pending;
  return copy;
}

void set_beside(Window& window, bool names_dpc) {
  mica::test::Verified const verified{names_dpc};
  KTIMER pending, other;
  KDPC dpc;
  KeInitializeTimer(&pending);
  KeInitializeTimer(&other);
  KeInitializeDpc(&dpc, nothing, nullptr);
  static_cast<void>(KeSetTimer(&pending, in_an_hour(), nullptr));
  PVOID const block = names_dpc
                          ? static_cast<PVOID>(copy_of(
                                dpc, [](PKDPC copy) { KeInitializeDpc(copy, nothing, nullptr); }))
                          : copy_of(pending, KeInitializeTimer);
  auto program = [&](unsigned number) {
    if (number == 0) return ExFreePool(block);
    static_cast<void>(KeCancelTimer(&pending));
    static_cast<void>(KeSetTimer(&other, in_an_hour(), nullptr));
  };
  run_together(window, {2}, program);
  MICA_CHECK(KeCancelTimer(&other) != FALSE);
  MICA_CHECK(KeCancelTimer(&pending) == FALSE);
}

}  // namespace

MICA_EXPLORE("T3-wheel", "T3: memory that names a wheel is freed while timers come to it and go",
             .processors = 2, .bound = 2) {
  set_beside(window, false);
}

MICA_EXPLORE("T3-wheels", "T3: a DPC's memory is freed while timers come to the wheels and go",
             .processors = 2, .bound = 2) {
  set_beside(window, true);
}

MICA_EXPLORE("T3-queue", "T3: memory that names a DPC queue is freed while DPCs come to it and go",
             .processors = 2, .bound = 2) {
  KDPC pending, other;
  for (KDPC* const dpc : {&pending, &other}) {
    KeInitializeDpc(dpc, nothing, nullptr);
    KeSetTargetProcessorDpc(dpc, 1);
    KeSetImportanceDpc(dpc, LowImportance);
  }
  MICA_CHECK(KeInsertQueueDpc(&pending, nullptr, nullptr) != FALSE);  // may be taken at any time
  KDPC* const block = copy_of(pending, [](PKDPC copy) { KeInitializeDpc(copy, nothing, nullptr); });
  auto program = [&](unsigned number) {
    if (number == 0) return ExFreePool(block);
    MICA_CHECK(KeInsertQueueDpc(&other, nullptr, nullptr) != FALSE);
    static_cast<void>(KeRemoveQueueDpc(&pending));
  };
  run_together(window, {2}, program);
  static_cast<void>(KeRemoveQueueDpc(&other));
}
