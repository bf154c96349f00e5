// Attaching to another process: the thread's APCs come from another environment.
//   A thread has two: its own, and that of the process it is attached to; apc_index names the one
//   it is in. A further attachment leaves the state of the one before with its caller. All of it
//   changes under the lock of the queues, by the thread itself.
//                          [MSDN KeStackAttachProcess, KeUnstackDetachProcess; Bug Checks 0x5, 0x6]
#include "ke/apc.hpp"
#include "ke/process.hpp"
#include "ke/processor.hpp"
#include "ke/verifier.hpp"

namespace mica::ke {
namespace {

// A state's lists, with what stands in them, move.
void NTAPI move_list(LIST_ENTRY& from, LIST_ENTRY& to) noexcept {
  list_initialize(to);
  while (LIST_ENTRY* const entry = list_pop_front(from)) list_append(to, *entry);
}

void NTAPI move_state(KAPC_STATE& from, KAPC_STATE& to) noexcept {
  move_list(from.ApcListHead[KernelMode], to.ApcListHead[KernelMode]);
  move_list(from.ApcListHead[UserMode], to.ApcListHead[UserMode]);
  to.Process = from.Process;
  to.InProgressFlags = from.InProgressFlags;
}

bool NTAPI in_dpc_routine() noexcept {
  return Machine::irql() >= DISPATCH_LEVEL && current().in_dpc.load(std::memory_order_relaxed);
}

// From here on the thread's APCs are those of the process.
void NTAPI enter(Thread& thread, Process& process) noexcept MICA_REQUIRES(thread.apc_lock) {
  KAPC_STATE& attached = thread.apc_states[1];
  attached.Process = &process;
  attached.InProgressFlags = 0;
  thread.apc_index = 1;
  recount_apcs(thread);
}

// What stands in the way of leaving an environment.
enum class Rest { nothing, may_run, stays };

// Goes back to the environment before, if no APC of this one is left. Null: the thread's own.
Rest NTAPI leave(Thread& thread, KAPC_STATE* before, KIRQL level) noexcept {
  KAPC_STATE& attached = thread.apc_states[1];
  SpinGuard guard{thread.apc_lock};
  if (std::uint32_t const left = queued_kinds(thread); left != 0)
    return (left & permitted_apcs(thread, level)) != 0 ? Rest::may_run : Rest::stays;
  if (before != nullptr)
    move_state(*before, attached);
  else
    thread.apc_index = 0;
  recount_apcs(thread);
  return Rest::nothing;
}

void NTAPI detach(Thread& thread, KAPC_STATE* before) noexcept {
  if (thread.apc_index == 0 || environment_of(thread).KernelApcInProgress) [[unlikely]]
    bugcheck(INVALID_PROCESS_DETACH_ATTEMPT);
  KIRQL const level = Machine::irql();
  for (Rest rest = Rest::may_run; rest != Rest::nothing;) {
    rest = leave(thread, before, level);
    if (rest == Rest::stays) [[unlikely]]
      bugcheck(INVALID_PROCESS_DETACH_ATTEMPT);
    let_apcs_in(thread);
  }
}

void NTAPI require_level(Thread const& thread, Process* process) noexcept {
  if (in_dpc_routine()) [[unlikely]]
    bad_attachment(thread, process);
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, process);
}

}  // namespace

void NTAPI bad_attachment(Thread const& thread, Process* target) noexcept {
  bool const attached = thread.apc_index != 0;
  bugcheck(INVALID_PROCESS_ATTACH_ATTEMPT, as_parameter(attached ? thread.process : target),
           as_parameter(environment_of(thread).Process), attached, in_dpc_routine());
}

}  // namespace mica::ke

using namespace mica;
using namespace mica::ke;

void NTAPI KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState) {
  Thread& thread = current_thread();
  require_level(thread, Process);
  // For the other call: the process it comes back to, null for the thread's own.
  ApcState->Process = Process;
  if (environment_of(thread).Process == Process) return;
  SpinGuard guard{thread.apc_lock};
  if (thread.apc_index != 0)
    move_state(thread.apc_states[1], *ApcState);
  else
    ApcState->Process = nullptr;
  enter(thread, *Process);
}

void NTAPI KeUnstackDetachProcess(PRKAPC_STATE ApcState) {
  Thread& thread = current_thread();
  require_level(thread, thread.process);
  if (ApcState->Process == environment_of(thread).Process) return;
  detach(thread, ApcState->Process != nullptr ? ApcState : nullptr);
}

void NTAPI KeAttachProcess(PRKPROCESS Process) {
  Thread& thread = current_thread();
  require_level(thread, Process);
  if (thread.apc_index != 0) [[unlikely]]
    bad_attachment(thread, Process);
  if (thread.process == Process) return;
  SpinGuard guard{thread.apc_lock};
  enter(thread, *Process);
}

void NTAPI KeDetachProcess() {
  Thread& thread = current_thread();
  require_level(thread, thread.process);
  if (thread.apc_index != 0) detach(thread, nullptr);
}
