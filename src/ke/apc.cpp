// Queueing APCs, and telling the thread.
#include "ke/apc.hpp"

#include "ke/object_type.hpp"
#include "ke/scheduler.hpp"
#include "ke/verifier.hpp"
#include "ke/wait_internal.hpp"

namespace mica::ke {

void NTAPI recount_apcs(Thread& thread) noexcept {
  LIST_ENTRY const& kernel = environment_of(thread).ApcListHead[KernelMode];
  LIST_ENTRY const& user = environment_of(thread).ApcListHead[UserMode];
  std::uint32_t kinds = list_empty(user) ? 0 : wait_word::user_apc;
  if (!list_empty(kernel)) {
    if (apc_of(*kernel.Flink).NormalRoutine == nullptr) kinds |= wait_word::special_apc;
    if (apc_of(*kernel.Blink).NormalRoutine != nullptr) kinds |= wait_word::normal_apc;
  }
  thread.queued_apcs.store(kinds);
}

namespace {

std::uint32_t kind_of(KAPC const& apc) noexcept {
  if (apc.ApcMode != KernelMode) return wait_word::user_apc;
  return apc.NormalRoutine == nullptr ? wait_word::special_apc : wait_word::normal_apc;
}

// Null: for the process that the thread is attached to, but it is not. The lock is held.
KAPC_STATE* target_of(KAPC const& apc, Thread& thread) noexcept {
  switch (apc.ApcStateIndex) {
    case OriginalApcEnvironment:
      return &thread.apc_states[0];
    case AttachedApcEnvironment:
      return thread.apc_index != 0 ? &thread.apc_states[1] : nullptr;
    default:
      return &environment_of(thread);
  }
}

void enqueue(KAPC_STATE& target, KAPC& apc, std::uint32_t kind) noexcept {
  LIST_ENTRY* before = &target.ApcListHead[kind == wait_word::user_apc ? UserMode : KernelMode];
  if (kind == wait_word::special_apc) {  // after the special ones, before the normal ones
    LIST_ENTRY* const head = before;
    do before = before->Flink;
    while (before != head && apc_of(*before).NormalRoutine == nullptr);
  }
  list_append(*before, apc.ApcListEntry);
}

// Ends a wait that lets this kind in. `idle`: the thread is in no such wait.
wait_word::State interrupt_wait(Thread& thread, std::uint32_t kind) noexcept {
  std::uint32_t seen = thread.wait.load();
  for (;;) {
    if ((seen & kind) == 0) return wait_word::idle;
    auto const state = wait_word::state(seen);
    std::uint32_t const next = state == wait_word::evaluating
                                   ? seen | wait_word::recheck
                                   : wait_word::claim(seen, apc_status(kind));
    if (thread.wait.compare_exchange_weak(seen, next)) return state;
  }
}

}  // namespace

Queued NTAPI queue_apc(KAPC& apc, PVOID first, PVOID second, KPRIORITY increment) noexcept {
  RaiseToDispatch raised;
  Thread& thread = *apc.Thread;
  std::uint32_t const kind = kind_of(apc);
  {
    SpinGuardAtDispatch guard{thread.apc_lock};
    if (apc.Inserted != FALSE) return Queued::before;
    KAPC_STATE* const target = target_of(apc, thread);
    if (target == nullptr || thread.apcs_stopped) return Queued::refused;
    apc.Inserted = TRUE;
    apc.SystemArgument1 = first;
    apc.SystemArgument2 = second;
    enqueue(*target, apc, kind);
    if (target != &environment_of(thread)) return Queued::now;  // found when the thread is back
    recount_apcs(thread);
  }
  auto const before = interrupt_wait(thread, kind);
  if (before == wait_word::waiting) wake(thread, increment);
  if (before == wait_word::idle && kind != wait_word::user_apc) interrupt_if_running(thread);
  return Queued::now;
}

}  // namespace mica::ke

using namespace mica;
using namespace mica::ke;

void NTAPI KeInitializeApc(PKAPC Apc, PKTHREAD Thread, KAPC_ENVIRONMENT Environment,
                           PKKERNEL_ROUTINE KernelRoutine, PKRUNDOWN_ROUTINE RundownRoutine,
                           PKNORMAL_ROUTINE NormalRoutine, KPROCESSOR_MODE ApcMode,
                           PVOID NormalContext) {
  *Apc = {};
  Apc->Type = ApcObject;
  Apc->Size = sizeof(KAPC);
  Apc->Thread = Thread;
  Apc->KernelRoutine = KernelRoutine;
  Apc->RundownRoutine = RundownRoutine;
  Apc->NormalRoutine = NormalRoutine;
  Apc->ApcStateIndex = static_cast<CCHAR>(Environment);
  if (Environment == CurrentApcEnvironment) {
    SpinGuard guard{Thread->apc_lock};
    Apc->ApcStateIndex = static_cast<CCHAR>(Thread->apc_index);
  }
  if (NormalRoutine == nullptr) return;
  Apc->ApcMode = ApcMode;
  Apc->NormalContext = NormalContext;
}

BOOLEAN NTAPI KeInsertQueueApc(PKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2,
                               KPRIORITY Increment) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Apc);
  return queue_apc(*Apc, SystemArgument1, SystemArgument2, Increment) == Queued::now;
}

BOOLEAN NTAPI KeRemoveQueueApc(PKAPC Apc) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Apc);
  _KTHREAD& thread = *Apc->Thread;
  SpinGuard guard{thread.apc_lock};
  if (Apc->Inserted == FALSE) return FALSE;
  Apc->Inserted = FALSE;
  list_remove(Apc->ApcListEntry);
  recount_apcs(thread);
  return TRUE;
}
