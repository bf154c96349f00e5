// In-stack queued spin locks: first come, first served.    [MSDN KeAcquireInStackQueuedSpinLock]
//   The lock word names the last handle of the queue, 0 when free; each waiter spins on its own
//   handle, in bit 0 of the lock's address there, which the one before it clears. (Mellor-Crummey
//   and Scott, 1991)
#include "ke/lock_checks.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

constexpr ULONG_PTR waiting = 1;

using Word = std::atomic_ref<ULONG_PTR>;

Word tail_of(PKSPIN_LOCK lock) noexcept {
  return Word{*lock};
}
Word next_of(KSPIN_LOCK_QUEUE& entry) noexcept {
  void* const field = const_cast<PKSPIN_LOCK_QUEUE*>(&entry.Next);
  return Word{*static_cast<ULONG_PTR*>(field)};
}
Word gate_of(KSPIN_LOCK_QUEUE& entry) noexcept {
  void* const field = const_cast<PKSPIN_LOCK*>(&entry.Lock);
  return Word{*static_cast<ULONG_PTR*>(field)};
}

void NTAPI acquire(PKSPIN_LOCK lock, KSPIN_LOCK_QUEUE& entry) noexcept {
  ULONG_PTR const name = as_parameter(&entry);
  next_of(entry).store(0, std::memory_order_relaxed);
  gate_of(entry).store(as_parameter(lock) | waiting, std::memory_order_relaxed);
  ULONG_PTR const before = tail_of(lock).exchange(name, std::memory_order_acq_rel);
  if (before == 0) return gate_of(entry).store(as_parameter(lock), std::memory_order_relaxed);
  next_of(*reinterpret_cast<KSPIN_LOCK_QUEUE*>(before)).store(name, std::memory_order_release);
  do Machine::await(gate_of(entry), as_parameter(lock) | waiting);
  while ((gate_of(entry).load(std::memory_order_acquire) & waiting) != 0);
}

void NTAPI release(KSPIN_LOCK_QUEUE& entry) noexcept {
  PKSPIN_LOCK const lock = entry.Lock;
  ULONG_PTR next = next_of(entry).load(std::memory_order_acquire);
  if (next == 0) {
    ULONG_PTR expected = as_parameter(&entry);
    if (tail_of(lock).compare_exchange_strong(expected, 0, std::memory_order_release,
                                              std::memory_order_relaxed))
      return;
    if (expected == 0) [[unlikely]]
      bugcheck(SPIN_LOCK_NOT_OWNED, as_parameter(lock));
    // Somebody stands behind us and has yet to say so.
    do Machine::await(next_of(entry), ULONG_PTR{0});
    while ((next = next_of(entry).load(std::memory_order_acquire)) == 0);
  }
  KSPIN_LOCK_QUEUE& successor = *reinterpret_cast<KSPIN_LOCK_QUEUE*>(next);
  gate_of(successor).store(as_parameter(lock), std::memory_order_release);
}

LockUse NTAPI use_of(PKSPIN_LOCK lock, void const* at) noexcept {
  return {.lock = lock, .kind = LockKind::queued_spin_lock, .at = at};
}

[[gnu::noinline]] void NTAPI acquire_checked(PKSPIN_LOCK lock, KSPIN_LOCK_QUEUE& entry,
                                             void const* at) noexcept {
  before_lock(use_of(lock, at));
  acquire(lock, entry);
  lock_taken(use_of(lock, at));
}

[[gnu::noinline]] void NTAPI release_checked(KSPIN_LOCK_QUEUE& entry, void const* at,
                                             KIRQL level) noexcept {
  lock_released(use_of(entry.Lock, at), level);
  release(entry);
}

}  // namespace

void NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
  require_irql(PASSIVE_LEVEL, DISPATCH_LEVEL, Rule::acquire_spin_lock, SpinLock);
  LockHandle->OldIrql = Machine::raise(DISPATCH_LEVEL);
  if (locks_checked()) [[unlikely]]
    return acquire_checked(SpinLock, LockHandle->LockQueue, __builtin_return_address(0));
  acquire(SpinLock, LockHandle->LockQueue);
}

void NTAPI KeAcquireInStackQueuedSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock,
                                                      PKLOCK_QUEUE_HANDLE LockHandle) {
  require_irql(PASSIVE_LEVEL, SYNCH_LEVEL, Rule::acquire_spin_lock, SpinLock);
  LockHandle->OldIrql = Machine::raise(SYNCH_LEVEL);
  if (locks_checked()) [[unlikely]]
    return acquire_checked(SpinLock, LockHandle->LockQueue, __builtin_return_address(0));
  acquire(SpinLock, LockHandle->LockQueue);
}

void NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::release_queued_spin_lock,
               LockHandle->LockQueue.Lock);
  KIRQL const old = LockHandle->OldIrql;
  if (locks_checked()) [[unlikely]]
    release_checked(LockHandle->LockQueue, __builtin_return_address(0), old);
  else
    release(LockHandle->LockQueue);
  KeLowerIrql(old);
}

void NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock,
                                                    PKLOCK_QUEUE_HANDLE LockHandle) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::acquire_at_dispatch, SpinLock);
  if (locks_checked()) [[unlikely]]
    return acquire_checked(SpinLock, LockHandle->LockQueue, __builtin_return_address(0));
  acquire(SpinLock, LockHandle->LockQueue);
}

void NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::release_at_dispatch, LockHandle->LockQueue.Lock);
  if (locks_checked()) [[unlikely]]
    return release_checked(LockHandle->LockQueue, __builtin_return_address(0), Machine::irql());
  release(LockHandle->LockQueue);
}

// A threaded DPC may run below DISPATCH_LEVEL, an ordinary one does not.
//                                                       [MSDN KeAcquireInStackQueuedSpinLockForDpc]
void NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock,
                                                PKLOCK_QUEUE_HANDLE LockHandle) {
  KeAcquireInStackQueuedSpinLock(SpinLock, LockHandle);
}

void NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle) {
  KeReleaseInStackQueuedSpinLock(LockHandle);
}
