// Running APCs, in the thread that they are for.
#include "ke/apc.hpp"
#include "ke/apc_disable.hpp"
#include "ke/processor.hpp"
#include "ke/verifier.hpp"
#include "ke/wait_internal.hpp"

namespace mica::ke {
namespace {

struct Call {
  KAPC* apc;
  PKKERNEL_ROUTINE kernel;
  PKNORMAL_ROUTINE normal;
  PVOID context;
  PVOID first;
  PVOID second;
};

void check_level(KIRQL expected, Returned returned, Call const& call) noexcept {
  require_unchanged_irql(expected, returned, reinterpret_cast<ULONG_PTR>(call.kernel), call.apc,
                         reinterpret_cast<ULONG_PTR>(call.normal));
}

void check_process(Thread const& thread, Process const* expected) noexcept {
  if (environment_of(thread).Process != expected) [[unlikely]]
    bad_attachment(thread, thread.process);
}

// Takes the next kernel APC that may run from the queue.
bool take(Thread& thread, Call& call) noexcept {
  std::uint32_t const permitted = permitted_apcs(thread, PASSIVE_LEVEL);
  if ((queued_kinds(thread) & permitted) == 0) return false;
  SpinGuard guard{thread.apc_lock};
  LIST_ENTRY& queue = environment_of(thread).ApcListHead[KernelMode];
  if (list_empty(queue)) return false;
  KAPC& apc = apc_of(*queue.Flink);
  bool const special = apc.NormalRoutine == nullptr;
  if ((permitted & (special ? wait_word::special_apc : wait_word::normal_apc)) == 0) return false;
  list_remove(apc.ApcListEntry);
  apc.Inserted = FALSE;
  recount_apcs(thread);
  call = {&apc,
          apc.KernelRoutine,
          apc.NormalRoutine,
          apc.NormalContext,
          apc.SystemArgument1,
          apc.SystemArgument2};
  return true;
}

// At APC_LEVEL. The APC may be gone once its KernelRoutine was called.
void deliver(Thread& thread) noexcept {
  KAPC_STATE& environment = environment_of(thread);
  Process* const process = environment.Process;
  for (Call call; take(thread, call);) {
    bool const special = call.normal == nullptr;
    call.kernel(call.apc, &call.normal, &call.context, &call.first, &call.second);
    check_level(APC_LEVEL, Returned::kernel_routine, call);
    check_process(thread, process);
    if (special || call.normal == nullptr) continue;
    environment.KernelApcInProgress = TRUE;
    Machine::lower(PASSIVE_LEVEL);
    call.normal(call.context, call.first, call.second);
    check_level(PASSIVE_LEVEL, Returned::normal_routine, call);
    check_process(thread, process);
    Machine::raise(APC_LEVEL);
    environment.KernelApcInProgress = FALSE;
  }
}

// Queues nothing from now on, and moves user APCs to `left`; but not while a kernel APC is queued.
// Returns the first of them if none may run.
KAPC* stop_unless_held_off(Thread& thread, LIST_ENTRY& left) noexcept {
  SpinGuard guard{thread.apc_lock};
  if ((queued_kinds(thread) & permitted_apcs(thread, PASSIVE_LEVEL)) != 0) return nullptr;
  KAPC_STATE& own = environment_of(thread);
  if (!list_empty(own.ApcListHead[KernelMode])) return &apc_of(*own.ApcListHead[KernelMode].Flink);
  thread.apcs_stopped = true;
  while (LIST_ENTRY* const entry = list_pop_front(own.ApcListHead[UserMode])) {
    apc_of(*entry).Inserted = FALSE;
    list_append(left, *entry);
  }
  recount_apcs(thread);
  return nullptr;
}

void run_down(KAPC& apc) noexcept {
  if (apc.RundownRoutine != nullptr)
    apc.RundownRoutine(&apc);
  else
    state().free_apc(&apc);
}

}  // namespace

std::uint32_t NTAPI permitted_apcs(Thread const& thread, KIRQL level) noexcept {
  if (level >= APC_LEVEL || thread.special_apc_disable != 0) return 0;
  bool const normal = thread.kernel_apc_disable == 0 && !environment_of(thread).KernelApcInProgress;
  return wait_word::special_apc | (normal ? wait_word::normal_apc : 0);
}

void NTAPI apc_interrupt() noexcept {
  deliver(current_thread());
}

void NTAPI let_apcs_in(Thread& thread) noexcept {
  if ((queued_kinds(thread) & permitted_apcs(thread, PASSIVE_LEVEL)) == 0) [[likely]]
    return;
  RaiseToDispatch raised;
  Machine::request_apc();
}

void NTAPI stop_apcs(Thread& thread) noexcept {
  Machine::raise(APC_LEVEL);
  LIST_ENTRY left;
  list_initialize(left);
  while (!thread.apcs_stopped) {
    deliver(thread);
    if (auto* const thread_ends = state().thread_ends) thread_ends(thread);
    if (KAPC* const held_off = stop_unless_held_off(thread, left))
      bugcheck(KERNEL_APC_PENDING_DURING_EXIT, as_parameter(held_off), apc_disable_count(thread),
               PASSIVE_LEVEL);
  }
  Machine::lower(PASSIVE_LEVEL);
  while (LIST_ENTRY* const entry = list_pop_front(left)) run_down(apc_of(*entry));
}

}  // namespace mica::ke
