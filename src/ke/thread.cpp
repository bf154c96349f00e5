// A thread's first and last acts.
#include "ke/apc.hpp"
#include "ke/apc_disable.hpp"
#include "ke/expiry.hpp"
#include "ke/lock_checks.hpp"
#include "ke/process.hpp"
#include "ke/queue.hpp"
#include "ke/scheduler.hpp"
#include "ke/signaller.hpp"
#include "ke/suspend.hpp"

namespace mica::ke {

void NTAPI abandon(KMUTANT& mutant) noexcept;  // mutant.cpp

namespace {

void NTAPI startup(void* argument) noexcept {
  at_dispatch.assert_held();
  epilogue();
  auto& thread = *static_cast<Thread*>(argument);
  Machine::lower(PASSIVE_LEVEL);
  trace::call(listener(), trace::Callback::thread, thread.start_routine, thread.start_context);
  end_thread();
}

void check_exit(Thread& thread) noexcept {
  if (KIRQL const level = Machine::irql(); level != PASSIVE_LEVEL)
    bugcheck(IRQL_UNEXPECTED_VALUE, level, PASSIVE_LEVEL, as_parameter(&thread));
  if (thread.callouts != 0) bugcheck(KERNEL_EXPAND_STACK_ACTIVE, as_parameter(&thread));
  for (LIST_ENTRY* entry = thread.mutants.Flink; entry != &thread.mutants; entry = entry->Flink) {
    KMUTANT& mutant = MICA_CONTAINING(*entry, KMUTANT, MutantListEntry);
    if (mutant.ApcDisable != 0)
      bugcheck(THREAD_TERMINATE_HELD_MUTEX, as_parameter(&thread), as_parameter(&mutant));
  }
  if (thread.apc_index != 0) bad_attachment(thread, thread.process);
  if (ULONG const count = apc_disable_count(thread); count != 0)
    bugcheck(KERNEL_APC_PENDING_DURING_EXIT, 0, count);
}

}  // namespace

bool NTAPI initialize_thread(Thread& thread, ThreadParameters const& parameters) noexcept {
  initialize_header(thread.Header, ThreadObject, 0, 0);
  list_initialize(thread.mutants);
  for (KAPC_STATE& environment : thread.apc_states) {
    list_initialize(environment.ApcListHead[KernelMode]);
    list_initialize(environment.ApcListHead[UserMode]);
  }
  thread.process = thread.apc_states[0].Process = parameters.process;
  initialize_suspension(thread);
  thread.timeout.Header.Type = timeout_type;
  thread.stack = thread.stack_in_use = parameters.stack;
  thread.start_routine = parameters.routine;
  thread.start_context = parameters.context;
  Machine::make_context(thread.context, parameters.stack, startup, &thread);
  return join_process(thread, parameters.priority);
}

void NTAPI discard_thread(Thread& thread) noexcept {
  SpinGuard guard{thread.process->lock};
  list_remove(thread.process_link);
}

void NTAPI start_thread(Thread& thread) noexcept {
  RaiseToDispatch raised;
  make_ready(thread, false);
}

void NTAPI end_thread() noexcept {
  Thread& thread = current_thread();
  if (locks_checked()) [[unlikely]]
    check_locks_at_end(thread);
  check_exit(thread);
  if (auto* const thread_leaves = state().thread_leaves) thread_leaves(thread);
  stop_apcs(thread);
  // Only its own thread releases a mutant, so the list can only shrink by what is done here.
  while (!list_empty(thread.mutants))
    abandon(MICA_CONTAINING(*thread.mutants.Flink, KMUTANT, MutantListEntry));
  leave_process(thread);
  Machine::raise(DISPATCH_LEVEL);
  at_dispatch.assert_held();
  leave_queue(thread);
  block(After::bury);
  __builtin_unreachable();
}

}  // namespace mica::ke

PKTHREAD NTAPI KeGetCurrentThread() {
  return mica::Machine::current_thread();
}
