// Reader-writer spin locks. [MSDN ExAcquireSpinLockExclusive, ExAcquireSpinLockShared]
//   Bit 31: held exclusively. Bit 30: a writer waits, so no reader enters any more. Below: how many
//   readers hold it.
#include <nt/ex.h>

#include "ke/lock_checks.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

constexpr std::uint32_t exclusive = 0x80000000;
constexpr std::uint32_t writer_waits = 0x40000000;
constexpr std::uint32_t readers = writer_waits - 1;

using Word = std::atomic_ref<std::uint32_t>;

Word word_of(PEX_SPIN_LOCK lock) noexcept {
  return Word{*reinterpret_cast<std::uint32_t*>(lock)};
}

bool try_shared(Word word, std::uint32_t& seen) noexcept {
  seen = word.load(std::memory_order_relaxed);
  if ((seen & (exclusive | writer_waits)) != 0) return false;
  return word.compare_exchange_strong(seen, seen + 1, std::memory_order_acquire,
                                      std::memory_order_relaxed);
}

// Takes the waiting mark away: whoever else waits to write sets it again.
bool try_exclusive(Word word, std::uint32_t& seen) noexcept {
  seen = word.load(std::memory_order_relaxed);
  if ((seen & (exclusive | readers)) != 0) return false;
  return word.compare_exchange_strong(seen, exclusive, std::memory_order_acquire,
                                      std::memory_order_relaxed);
}

void NTAPI acquire_shared(PEX_SPIN_LOCK lock) noexcept {
  Word const word = word_of(lock);
  std::uint32_t seen = 0;
  while (!try_shared(word, seen))
    if ((seen & (exclusive | writer_waits)) != 0) Machine::await(word, seen);
}

void NTAPI acquire_exclusive(PEX_SPIN_LOCK lock) noexcept {
  Word const word = word_of(lock);
  std::uint32_t seen = 0;
  while (!try_exclusive(word, seen)) {
    if ((seen & (exclusive | readers)) == 0) continue;
    std::uint32_t const before = word.fetch_or(writer_waits, std::memory_order_relaxed);
    // Nobody would tell a writer that marked a free lock.
    if ((before & (exclusive | readers)) != 0) Machine::await(word, before | writer_waits);
  }
}

void NTAPI release_shared(PEX_SPIN_LOCK lock) noexcept {
  std::uint32_t const before = word_of(lock).fetch_sub(1, std::memory_order_release);
  if ((before & readers) == 0) [[unlikely]]
    bugcheck(SPIN_LOCK_NOT_OWNED, as_parameter(lock));
}

void NTAPI release_exclusive(PEX_SPIN_LOCK lock) noexcept {
  std::uint32_t const before = word_of(lock).fetch_and(~exclusive, std::memory_order_release);
  if ((before & exclusive) == 0) [[unlikely]]
    bugcheck(SPIN_LOCK_NOT_OWNED, as_parameter(lock));
}

LockUse NTAPI use_of(PEX_SPIN_LOCK lock, bool shared, void const* at) noexcept {
  return {.lock = const_cast<LONG const*>(lock),
          .kind = LockKind::reader_writer_spin_lock,
          .at = at,
          .shared = shared};
}

[[gnu::noinline]] void NTAPI acquire_checked(PEX_SPIN_LOCK lock, bool shared,
                                             void const* at) noexcept {
  LockUse const use = use_of(lock, shared, at);
  before_lock(use);
  if (shared)
    acquire_shared(lock);
  else
    acquire_exclusive(lock);
  lock_taken(use);
}

[[gnu::noinline]] void NTAPI release_checked(PEX_SPIN_LOCK lock, bool shared, void const* at,
                                             KIRQL level) noexcept {
  lock_released(use_of(lock, shared, at), level);
  if (shared)
    release_shared(lock);
  else
    release_exclusive(lock);
}

// A try that succeeded, or not.
LOGICAL NTAPI taken(PEX_SPIN_LOCK lock, bool shared, bool succeeded, void const* at) noexcept {
  if (succeeded && locks_checked()) [[unlikely]]
    lock_taken(use_of(lock, shared, at));
  return succeeded ? TRUE : FALSE;
}

}  // namespace

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock) {
  require_irql(PASSIVE_LEVEL, DISPATCH_LEVEL, Rule::acquire_spin_lock, SpinLock);
  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  if (locks_checked()) [[unlikely]]
    acquire_checked(SpinLock, true, __builtin_return_address(0));
  else
    acquire_shared(SpinLock);
  return old;
}

void NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::release_spin_lock, SpinLock);
  if (locks_checked()) [[unlikely]]
    release_checked(SpinLock, true, __builtin_return_address(0), OldIrql);
  else
    release_shared(SpinLock);
  KeLowerIrql(OldIrql);
}

void NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::acquire_at_dispatch, SpinLock);
  if (locks_checked()) [[unlikely]]
    return acquire_checked(SpinLock, true, __builtin_return_address(0));
  acquire_shared(SpinLock);
}

void NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::release_at_dispatch, SpinLock);
  if (locks_checked()) [[unlikely]]
    return release_checked(SpinLock, true, __builtin_return_address(0), Machine::irql());
  release_shared(SpinLock);
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
  require_irql(PASSIVE_LEVEL, DISPATCH_LEVEL, Rule::acquire_spin_lock, SpinLock);
  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  if (locks_checked()) [[unlikely]]
    acquire_checked(SpinLock, false, __builtin_return_address(0));
  else
    acquire_exclusive(SpinLock);
  return old;
}

void NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::release_spin_lock, SpinLock);
  if (locks_checked()) [[unlikely]]
    release_checked(SpinLock, false, __builtin_return_address(0), OldIrql);
  else
    release_exclusive(SpinLock);
  KeLowerIrql(OldIrql);
}

void NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::acquire_at_dispatch, SpinLock);
  if (locks_checked()) [[unlikely]]
    return acquire_checked(SpinLock, false, __builtin_return_address(0));
  acquire_exclusive(SpinLock);
}

void NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::release_at_dispatch, SpinLock);
  if (locks_checked()) [[unlikely]]
    return release_checked(SpinLock, false, __builtin_return_address(0), Machine::irql());
  release_exclusive(SpinLock);
}

// The caller's share becomes exclusive if it is the only one and no writer waits.
//                                                        [MSDN ExTryConvertSharedSpinLockExclusive]
LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::acquire_at_dispatch, SpinLock);
  std::uint32_t alone = 1;
  bool const converted = word_of(SpinLock).compare_exchange_strong(
      alone, exclusive, std::memory_order_acquire, std::memory_order_relaxed);
  if (converted && locks_checked()) [[unlikely]]
    lock_converted(const_cast<LONG const*>(SpinLock), false);
  return converted ? TRUE : FALSE;
}

LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::acquire_at_dispatch, SpinLock);
  std::uint32_t seen = 0;
  do
    if (try_shared(word_of(SpinLock), seen))
      return taken(SpinLock, true, true, __builtin_return_address(0));
  while ((seen & (exclusive | writer_waits)) == 0);
  return FALSE;
}

LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
  require_irql(DISPATCH_LEVEL, HIGH_LEVEL, Rule::acquire_at_dispatch, SpinLock);
  std::uint32_t seen = 0;
  return taken(SpinLock, false, try_exclusive(word_of(SpinLock), seen),
               __builtin_return_address(0));
}
