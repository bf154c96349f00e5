// Priorities: 1 to 15 rise by boosts and fade back, 16 to 31 stay.
//                                                 [MSDN KeSetPriorityThread; WI7 part 1, chapter 4]
#include <nt/zw.h>

#include <algorithm>

#include "ke/process.hpp"
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
  put_priority(*Thread, Priority);
  return old;
}

namespace mica::ke {
namespace {

constexpr LONG saturation = (highest_priority + 1) / 2;

}  // namespace

LONG NTAPI priority_increment(Thread const& thread) noexcept {
  return thread.saturation != 0
             ? thread.saturation * saturation
             : thread.base_priority.load(std::memory_order_relaxed) - thread.process_base;
}

void NTAPI put_priority(Thread& thread, KPRIORITY priority) noexcept {
  thread.base_priority.store(priority, std::memory_order_relaxed);
  renew_quantum(thread);
  change_priority(thread, priority);
}

}  // namespace mica::ke

LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Thread);
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{Thread->lock};
  LONG const old = priority_increment(*Thread);
  LONG const increment = std::clamp(Increment, -saturation, saturation);
  KPRIORITY const base = Thread->process->base_priority.load(std::memory_order_relaxed);
  Thread->process_base = base;
  Thread->saturation = static_cast<CHAR>(increment / saturation);
  put_priority(*Thread, clamp_to_kind(base + increment, base));
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
