#include "ke/dpc_queue.hpp"

namespace mica::ke {

void DpcQueue::append(KDPC& dpc) noexcept {
  if (depth_.fetch_add(1, std::memory_order_relaxed) == 0) list_initialize(list_);
  list_append(list_, dpc.DpcListEntry);
}

void DpcQueue::prepend(KDPC& dpc) noexcept {
  if (depth_.fetch_add(1, std::memory_order_relaxed) == 0) list_initialize(list_);
  list_prepend(list_, dpc.DpcListEntry);
}

void DpcQueue::remove(KDPC& dpc) noexcept {
  list_remove(dpc.DpcListEntry);
  depth_.fetch_sub(1, std::memory_order_release);
}

bool DpcQueue::contains(KDPC const& dpc) noexcept {
  if (depth() == 0) return false;
  LIST_ENTRY const* const head = &list_;
  for (LIST_ENTRY const* entry = head->Flink; entry != head; entry = entry->Flink)
    if (entry == &dpc.DpcListEntry) return true;
  return false;
}

bool DpcQueue::take(DpcCall& call) noexcept {
  RaiseToHigh raised;
  SpinGuardAtDispatch guard{lock};
  if (depth() == 0) return false;
  KDPC& dpc = MICA_CONTAINING(*list_.Flink, KDPC, DpcListEntry);
  remove(dpc);
  call = {&dpc, dpc.DeferredRoutine, dpc.DeferredContext, dpc.SystemArgument1, dpc.SystemArgument2};
  // From here on it may be inserted again, freed, or both.
  std::atomic_ref<PVOID>{const_cast<PVOID&>(dpc.DpcData)}.store(nullptr, std::memory_order_release);
  return true;
}

}  // namespace mica::ke
