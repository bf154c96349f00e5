// Priorities: 1 to 15 rise by boosts and fade back, 16 to 31 stay.
//                                                 [MSDN KeSetPriorityThread; WI7 part 1, chapter 4]
#include <nt/zw.h>

#include "ke/scheduler.hpp"

using namespace mica;
using namespace mica::ke;

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority) {
  if (Priority < 1 || Priority > highest_priority)
    raise_status(STATUS_INVALID_PARAMETER_2, __builtin_return_address(0));
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{Thread->lock};
  KPRIORITY const old = Thread->priority.load();
  Thread->base_priority.store(Priority);
  Thread->quantum_100ns.store(quantum_100ns, std::memory_order_relaxed);
  change_priority(*Thread, Priority);
  return old;
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
