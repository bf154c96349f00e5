// Rundown protection.                                                [MSDN Run-Down Protection]
#include "ex/rundown.hpp"

#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ex;

namespace {

constexpr ULONG_PTR invalid_reference_count = 14;  // [Bug Check 0x139, parameter 1]

LONGLONG held_by(ULONG_PTR word) noexcept {
  return static_cast<LONGLONG>(word) / EX_RUNDOWN_COUNT_INC;
}

// Another thread runs it down: rare enough to look again now and then.
void NTAPI wait_for_other(RundownWord word) noexcept {
  LARGE_INTEGER shortly;
  shortly.QuadPart = -10'000;
  while (word.load(std::memory_order_acquire) != run_down)
    static_cast<void>(KeDelayExecutionThread(KernelMode, FALSE, &shortly));
}

}  // namespace

namespace mica::ex {

void NTAPI reject_release() noexcept {
  ke::bugcheck(KERNEL_SECURITY_CHECK_FAILURE, invalid_reference_count);
}

void NTAPI release_to_waiter(ULONG_PTR word, ULONG count) noexcept {
  if (count == 0) return;
  auto* const waiter = reinterpret_cast<RundownWaiter*>(word & ~run_down);
  if (waiter == nullptr) [[unlikely]]
    reject_release();
  if (waiter->left.fetch_sub(count, std::memory_order_acq_rel) == count)
    KeSetEvent(&waiter->released, IO_NO_INCREMENT, FALSE);
}

void NTAPI wait_for_release(EX_RUNDOWN_REF& first, std::span<RundownLine> more) noexcept {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, &first);
  RundownWaiter waiter;
  KeInitializeEvent(&waiter.released, SynchronizationEvent, FALSE);
  ULONG_PTR const named = ke::as_parameter(&waiter) | run_down;

  RundownWord const decides = word_of(first);
  ULONG_PTR seen = decides.load(std::memory_order_relaxed);
  do
    if ((seen & run_down) != 0) return wait_for_other(decides);
  while (!decides.compare_exchange_weak(seen, named, std::memory_order_acq_rel,
                                        std::memory_order_relaxed));
  LONGLONG held = held_by(seen);
  for (RundownLine& line : more)
    held += held_by(word_of(line.reference).exchange(named, std::memory_order_acq_rel));
  if (waiter.left.fetch_add(held, std::memory_order_acq_rel) + held != 0)
    static_cast<void>(
        KeWaitForSingleObject(&waiter.released, WrRundown, KernelMode, FALSE, nullptr));

  for (RundownLine& line : more) word_of(line.reference).store(run_down, std::memory_order_relaxed);
  decides.store(run_down, std::memory_order_release);
}

}  // namespace mica::ex

void NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
  word_of(*RunRef).store(0, std::memory_order_relaxed);
}

void NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, RunRef);
  word_of(*RunRef).store(0, std::memory_order_release);
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef) {
  return ExAcquireRundownProtectionEx(RunRef, 1);
}

BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, RunRef);
  return acquire(word_of(*RunRef), Count) ? TRUE : FALSE;
}

void NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef) {
  ExReleaseRundownProtectionEx(RunRef, 1);
}

void NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, RunRef);
  release(word_of(*RunRef), Count, Part::whole);
}

void NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef) {
  wait_for_release(*RunRef, {});
}

void NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, RunRef);
  word_of(*RunRef).store(run_down, std::memory_order_release);
}
