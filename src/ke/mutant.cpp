// Mutants, and mutexes: mutants whose owner is in a critical region.
//   SignalState 1 is free, 0 owned once, below that owned again. Every release is the owner's.
//                                                        [MSDN KeInitializeMutex, KeReleaseMutex]
#include "ke/apc.hpp"
#include "ke/lock_checks.hpp"
#include "ke/signaller.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

void NTAPI initialize(KMUTANT& mutant, bool owned, UCHAR apc_disable) noexcept {
  initialize_header(mutant.Header, MutantObject, sizeof mutant, owned ? 0 : 1);
  mutant.OwnerThread = nullptr;
  mutant.Abandoned = FALSE;
  mutant.ApcDisable = apc_disable;
  if (!owned) return;
  Thread& thread = current_thread();
  mutant.OwnerThread = &thread;
  list_append(thread.mutants, mutant.MutantListEntry);
}

// The owner lets go: the object is locked.
void disown(KMUTANT& mutant) noexcept {
  Thread& owner = *mutant.OwnerThread;
  list_remove(mutant.MutantListEntry);
  mutant.OwnerThread = nullptr;
  owner.kernel_apc_disable = static_cast<SHORT>(owner.kernel_apc_disable + mutant.ApcDisable);
}

LockUse NTAPI use_of(KMUTANT const& mutant, void const* at) noexcept {
  return {.lock = &mutant, .kind = LockKind::mutant, .at = at};
}

void NTAPI tell_initialized(KMUTANT const& mutant, bool owned, void const* at) noexcept {
  lock_initialized(use_of(mutant, at));
  if (owned) lock_taken(use_of(mutant, at));
}

// The caller has released it once, or altogether.
void NTAPI tell_released(KMUTANT const& mutant, bool abandoned, void const* at) noexcept {
  if (abandoned)
    lock_abandoned(&mutant);
  else
    lock_released(use_of(mutant, at), Machine::irql());
}

}  // namespace

namespace mica::ke {

// What end_thread does with each mutant its thread still owns.
void NTAPI abandon(KMUTANT& mutant) noexcept {
  static_cast<void>(signal(mutant.Header, 0, FALSE, [&](DISPATCHER_HEADER& header) {
    LONG const previous = header.SignalState;
    disown(mutant);
    set_state(header, 1);
    mutant.Abandoned = TRUE;
    return previous;
  }));
}

}  // namespace mica::ke

void NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG) {
  if (locks_checked()) [[unlikely]]
    tell_initialized(*Mutex, false, __builtin_return_address(0));
  initialize(*Mutex, false, 1);
}

void NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner) {
  if (locks_checked()) [[unlikely]]
    tell_initialized(*Mutant, InitialOwner != FALSE, __builtin_return_address(0));
  initialize(*Mutant, InitialOwner != FALSE, 0);
}

LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait) {
  void* const caller = __builtin_return_address(0);
  NTSTATUS error = STATUS_SUCCESS;
  LONG const previous = signal(Mutant->Header, Increment, Wait, [&](DISPATCHER_HEADER& header) {
    LONG const state = header.SignalState;
    if (Mutant->OwnerThread != &current_thread()) {
      error = Mutant->Abandoned != FALSE ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED;
      return state;
    }
    set_state(header, Abandoned != FALSE ? 1 : state + 1);
    if (header.SignalState == 1) disown(*Mutant);
    if (Abandoned != FALSE) Mutant->Abandoned = TRUE;
    return state;
  });
  if (error != STATUS_SUCCESS) raise_status(error, caller);
  if (locks_checked()) [[unlikely]]
    tell_released(*Mutant, Abandoned != FALSE, caller);
  let_apcs_in(current_thread());
  return previous;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait) {
  return KeReleaseMutant(Mutex, 1, FALSE, Wait);
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex) {
  return read_state(Mutex->Header);
}
