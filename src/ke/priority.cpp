// Priorities: 1 to 15 rise by boosts and fade back, 16 to 31 stay.
//                                                 [MSDN KeSetPriorityThread; WI7 part 1, chapter 4]
#include <nt/zw.h>

#include <algorithm>

#include "ke/scheduler.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority) {
  if (Priority < 1 || Priority > highest_priority)
    raise_status(STATUS_INVALID_PARAMETER_2, __builtin_return_address(0));
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{Thread->lock};
  KPRIORITY const old = Thread->priority.load();
  Thread->saturation = 0;
  Thread->base_priority.store(Priority);
  Thread->quantum_100ns.store(quantum_100ns, std::memory_order_relaxed);
  change_priority(*Thread, Priority);
  return old;
}

namespace {

constexpr KPRIORITY process_priority = 8;  // there is only the System process
constexpr LONG saturation = (highest_priority + 1) / 2;

// The increment that a call of KeSetBasePriorityThread left.
LONG NTAPI increment_of(Thread const& thread) noexcept {
  return thread.saturation != 0 ? thread.saturation * saturation
                                : thread.base_priority.load() - process_priority;
}

}  // namespace

LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Thread);
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{Thread->lock};
  LONG const old = increment_of(*Thread);
  LONG const increment = std::clamp(Increment, -saturation, saturation);
  KPRIORITY const base = std::clamp(process_priority + increment, 1, lowest_realtime - 1);
  Thread->saturation = static_cast<CHAR>(increment / saturation);
  Thread->base_priority.store(base);
  Thread->quantum_100ns.store(quantum_100ns, std::memory_order_relaxed);
  change_priority(*Thread, base);
  return old;
}

ULONG NTAPI KeQueryRuntimeThread(PKTHREAD Thread, PULONG UserTime) {
  *UserTime = 0;  // no thread leaves the kernel
  return Thread->ticks.load(std::memory_order_relaxed);
}

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread) {
  return Thread->priority.load();
}

NTSTATUS NTAPI ZwYieldExecution() {
  RaiseToDispatch raised;
  Processor& processor = current();
  KPRIORITY const own = current_thread().priority.load();
  // Only equals and better: anything lower would have to give way again at once.
  if (ReadyQueue::top(processor.ready.summary.load()) < own) return STATUS_NO_YIELD_PERFORMED;
  block(After::requeue_back);
  return STATUS_SUCCESS;
}
