// Rundown protection with a count for each processor.        [MSDN Cache-Aware Run-Down Protection]
#include <bit>

#include "ex/rundown.hpp"
#include "ke/processor.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ex;

// The first count stands here; there are more if there was memory for one a processor.
struct _EX_RUNDOWN_REF_CACHE_AWARE {
  RundownLine* lines;
  ULONG count;
  EX_RUNDOWN_REF only;  // without lines

  [[nodiscard]] EX_RUNDOWN_REF& first() noexcept { return count == 0 ? only : lines->reference; }
  [[nodiscard]] std::span<RundownLine> more() noexcept {
    return count == 0 ? std::span<RundownLine>{} : std::span{lines, count}.subspan(1);
  }
  // Wherever the thread is a moment later: every count will do.
  [[nodiscard]] EX_RUNDOWN_REF& here() noexcept {
    return count == 0 ? only : lines[Machine::processor_number()].reference;
  }
};

namespace {

using CacheAware = _EX_RUNDOWN_REF_CACHE_AWARE;

SIZE_T bytes_of(ULONG processors) noexcept {
  return sizeof(CacheAware) + alignof(RundownLine) + processors * sizeof(RundownLine);
}

void NTAPI fill(CacheAware& reference, ULONG_PTR word) noexcept {
  for (RundownLine& line : reference.more())
    word_of(line.reference).store(word, std::memory_order_relaxed);
  word_of(reference.first()).store(word, std::memory_order_release);
}

}  // namespace

SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(void) {
  return bytes_of(KeQueryMaximumProcessorCount());
}

// With less than the recommended size there is one count for all processors.
void NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                   SIZE_T RunRefSize) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, RunRefCacheAware);
  ULONG const processors = KeQueryMaximumProcessorCount();
  ULONG_PTR const end = ke::as_parameter(RunRefCacheAware + 1);
  RunRefCacheAware->lines = reinterpret_cast<RundownLine*>(ALIGN_UP_BY(end, alignof(RundownLine)));
  RunRefCacheAware->count = RunRefSize >= bytes_of(processors) ? processors : 0;
  fill(*RunRefCacheAware, 0);
}

PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType,
                                                                        ULONG PoolTag) {
  SIZE_T const bytes = ExSizeOfRundownProtectionCacheAware();
  auto* const reference = static_cast<CacheAware*>(ExAllocatePoolWithTag(PoolType, bytes, PoolTag));
  if (reference != nullptr) ExInitializeRundownProtectionCacheAware(reference, bytes);
  return reference;
}

void NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExFreePool(RunRefCacheAware);
}

void NTAPI ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, RunRefCacheAware);
  fill(*RunRefCacheAware, 0);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  return ExAcquireRundownProtectionCacheAwareEx(RunRefCacheAware, 1);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                     ULONG Count) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, RunRefCacheAware);
  return acquire(word_of(RunRefCacheAware->here()), Count) ? TRUE : FALSE;
}

void NTAPI ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  ExReleaseRundownProtectionCacheAwareEx(RunRefCacheAware, 1);
}

void NTAPI ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, ULONG Count) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, RunRef);
  release(word_of(RunRef->here()), Count, Part::processor);
}

void NTAPI ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef) {
  wait_for_release(RunRef->first(), RunRef->more());
}

void NTAPI ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, RunRefCacheAware);
  fill(*RunRefCacheAware, run_down);
}
