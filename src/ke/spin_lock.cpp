// KSPIN_LOCK. [MSDN KeAcquireSpinLock, KeTryToAcquireSpinLockAtDpcLevel]
//   Low half: 1 while held. High half: the number of the holding processor plus 1, written by it
//   alone while it holds the lock; so a processor that reads its own number there does hold it. A
//   driver may set the whole word to 0 to initialise it, as the inline form of KeInitializeSpinLock
//   does.
#include "ke/kernel_spin_guard.hpp"
#include "ke/lock_checks.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

struct Halves {
  std::uint32_t held;
  std::uint32_t owner;
};
static_assert(sizeof(Halves) == sizeof(KSPIN_LOCK));

using Half = std::atomic_ref<std::uint32_t>;

Halves& halves(KSPIN_LOCK* lock) noexcept {
  return *reinterpret_cast<Halves*>(lock);
}

std::uint32_t own_name() noexcept {
  return Machine::processor_number() + 1;
}

// The answer is the same whatever other processors do: the explorer need not hear of the look.
__attribute__((no_sanitize("thread"))) bool owned_here(KSPIN_LOCK const* lock) noexcept {
  return reinterpret_cast<Halves const volatile*>(lock)->owner == own_name();
}

void NTAPI acquire(KSPIN_LOCK* lock) noexcept {
  Half held{halves(lock).held};
  if (owned_here(lock)) [[unlikely]]
    bugcheck(SPIN_LOCK_ALREADY_OWNED, as_parameter(lock));
  do Machine::await(held, std::uint32_t{1});
  while (held.exchange(1, std::memory_order_acquire) != 0);
  Half{halves(lock).owner}.store(own_name(), std::memory_order_relaxed);
}

bool NTAPI try_acquire(KSPIN_LOCK* lock) noexcept {
  if (Half{halves(lock).held}.exchange(1, std::memory_order_acquire) != 0) return false;
  Half{halves(lock).owner}.store(own_name(), std::memory_order_relaxed);
  return true;
}

void NTAPI release(KSPIN_LOCK* lock) noexcept {
  if (!owned_here(lock)) [[unlikely]]
    bugcheck(SPIN_LOCK_NOT_OWNED, as_parameter(lock));
  Half{halves(lock).owner}.store(0, std::memory_order_relaxed);
  Half{halves(lock).held}.store(0, std::memory_order_release);
}

LockUse NTAPI use_of(KSPIN_LOCK const* lock, void const* at) noexcept {
  return {.lock = lock, .kind = LockKind::spin_lock, .at = at};
}

[[gnu::noinline]] void NTAPI acquire_checked(KSPIN_LOCK* lock, void const* at) noexcept {
  before_lock(use_of(lock, at));
  acquire(lock);
  lock_taken(use_of(lock, at));
}

[[gnu::noinline]] BOOLEAN NTAPI try_acquire_checked(KSPIN_LOCK* lock, void const* at) noexcept {
  if (!try_acquire(lock)) return FALSE;
  lock_taken(use_of(lock, at));
  return TRUE;
}

[[gnu::noinline]] void NTAPI release_checked(KSPIN_LOCK* lock, void const* at,
                                             KIRQL level) noexcept {
  lock_released(use_of(lock, at), level);
  release(lock);
}

}  // namespace

namespace mica::ke {

KIRQL NTAPI raise_and_acquire_unchecked(KSPIN_LOCK& lock) noexcept {
  require_irql(PASSIVE_LEVEL, DISPATCH_LEVEL, Rule::acquire_spin_lock, &lock);
  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  acquire(&lock);
  return old;
}

void NTAPI acquire_unchecked(KSPIN_LOCK& lock) noexcept {
  acquire(&lock);
}

void NTAPI release_unchecked(KSPIN_LOCK& lock) noexcept {
  release(&lock);
}

void NTAPI acquire_for(KSPIN_LOCK& lock, void const* at) noexcept {
  if (locks_checked()) [[unlikely]]
    return acquire_checked(&lock, at);
  acquire(&lock);
}

void NTAPI release_for(KSPIN_LOCK& lock, void const* at, KIRQL level) noexcept {
  if (locks_checked()) [[unlikely]]
    return release_checked(&lock, at, level);
  release(&lock);
}

}  // namespace mica::ke

#undef KeInitializeSpinLock
void NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock) {
  if (locks_checked()) [[unlikely]]
    lock_initialized(use_of(SpinLock, __builtin_return_address(0)));
  *SpinLock = 0;
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock) {
  require_irql(PASSIVE_LEVEL, DISPATCH_LEVEL, Rule::acquire_spin_lock, SpinLock);
  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  if (locks_checked()) [[unlikely]]
    acquire_checked(SpinLock, __builtin_return_address(0));
  else
    acquire(SpinLock);
  return old;
}

KIRQL NTAPI KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock) {
  require_irql(PASSIVE_LEVEL, SYNCH_LEVEL, Rule::acquire_spin_lock, SpinLock);
  KIRQL const old = Machine::raise(SYNCH_LEVEL);
  if (locks_checked()) [[unlikely]]
    acquire_checked(SpinLock, __builtin_return_address(0));
  else
    acquire(SpinLock);
  return old;
}

void NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::release_spin_lock, SpinLock);
  if (locks_checked()) [[unlikely]]
    release_checked(SpinLock, __builtin_return_address(0), NewIrql);
  else
    release(SpinLock);
  KeLowerIrql(NewIrql);
}

KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock) {
  return KeAcquireSpinLockRaiseToDpc(SpinLock);
}

void NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql) {
  KeReleaseSpinLock(SpinLock, OldIrql);
}

void NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::acquire_at_dispatch, SpinLock);
  if (locks_checked()) [[unlikely]]
    return acquire_checked(SpinLock, __builtin_return_address(0));
  acquire(SpinLock);
}

void NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::release_at_dispatch, SpinLock);
  if (locks_checked()) [[unlikely]]
    return release_checked(SpinLock, __builtin_return_address(0), Machine::irql());
  release(SpinLock);
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::acquire_at_dispatch, SpinLock);
  if (locks_checked()) [[unlikely]]
    return try_acquire_checked(SpinLock, __builtin_return_address(0));
  return try_acquire(SpinLock) ? TRUE : FALSE;
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock) {
  return Half{halves(SpinLock).held}.load(std::memory_order_relaxed) == 0 ? TRUE : FALSE;
}
