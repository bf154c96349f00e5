// Fast mutexes, and guarded ones, which are the same.   [MSDN Fast Mutexes and Guarded Mutexes]
//   Count: bit 0 while free; bit 1 while a waiter was woken that has not tried again; above them
//   how many wait and were not woken. Who releases wakes one waiter, unless one is on its way; who
//   comes meanwhile may take the mutex before it, and the waiter waits again. So no wake is lost:
//   while anybody waits, either the mutex is held, and its release looks, or a waiter is on its
//   way.
#include "ke/apc_disable.hpp"
#include "ke/lock_checks.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

constexpr std::uint32_t free_bit = FM_LOCK_BIT;
constexpr std::uint32_t woken = FM_LOCK_WAITER_WOKEN;
constexpr std::uint32_t one_waiter = FM_LOCK_WAITER_INC;

using Word = std::atomic_ref<std::uint32_t>;

Word word_of(FAST_MUTEX& mutex) noexcept {
  return Word{reinterpret_cast<std::uint32_t&>(const_cast<LONG&>(mutex.Count))};
}

// Others look whether they are it.
std::atomic_ref<PKTHREAD> owner_of(FAST_MUTEX& mutex) noexcept {
  return std::atomic_ref<PKTHREAD>{mutex.Owner};
}

void own(FAST_MUTEX& mutex) noexcept {
  owner_of(mutex).store(&current_thread(), std::memory_order_relaxed);
}

bool change(Word word, std::uint32_t& seen, std::uint32_t next) noexcept {
  return word.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                    std::memory_order_relaxed);
}

bool NTAPI try_lock(FAST_MUTEX& mutex) noexcept {
  Word const word = word_of(mutex);
  std::uint32_t seen = free_bit;
  do
    if (word.compare_exchange_weak(seen, seen & ~free_bit, std::memory_order_acquire,
                                   std::memory_order_relaxed))
      return true;
  while ((seen & free_bit) != 0);
  return false;
}

[[gnu::noinline]] void NTAPI lock_slowly(FAST_MUTEX& mutex, KWAIT_REASON reason) noexcept {
  if (owner_of(mutex).load(std::memory_order_relaxed) == &current_thread()) [[unlikely]]
    violation(Rule::self_deadlock, as_parameter(&mutex));
  Word const word = word_of(mutex);
  std::uint32_t seen = word.load(std::memory_order_relaxed);
  std::uint32_t mark = 0;  // once this thread was woken it is the one on its way
  for (;;) {
    bool const is_free = (seen & free_bit) != 0;
    std::uint32_t const rest = seen & ~mark;
    if (!change(word, seen, is_free ? rest & ~free_bit : rest + one_waiter)) continue;
    if (is_free) break;
    static_cast<void>(KeWaitForSingleObject(&mutex.Event, reason, KernelMode, FALSE, nullptr));
    mark = woken;
    seen = word.load(std::memory_order_relaxed);
  }
  ++mutex.Contention;
}

void NTAPI lock(FAST_MUTEX& mutex, KWAIT_REASON reason) noexcept {
  if (!try_lock(mutex)) [[unlikely]]
    lock_slowly(mutex, reason);
  own(mutex);
}

[[gnu::noinline]] void NTAPI unlock_slowly(FAST_MUTEX& mutex) noexcept {
  Word const word = word_of(mutex);
  std::uint32_t seen = word.load(std::memory_order_relaxed);
  for (;;) {
    // Somebody waits, or was woken: that is why the release came here.
    bool const wakes = (seen & woken) == 0;
    std::uint32_t const next = seen | free_bit;
    if (!change(word, seen, wakes ? next - one_waiter + woken : next)) continue;
    if (wakes) KeSetEvent(&mutex.Event, EVENT_INCREMENT, FALSE);
    return;
  }
}

[[noreturn, gnu::noinline]] void NTAPI reject_release(FAST_MUTEX& mutex, PKTHREAD owner) noexcept {
  if (owner == nullptr) violation(Rule::release_unowned, as_parameter(&mutex));
  violation(Rule::release_by_other, as_parameter(&mutex), as_parameter(owner),
            as_parameter(&current_thread()));
}

void NTAPI unlock(FAST_MUTEX& mutex) noexcept {
  PKTHREAD const owner = owner_of(mutex).load(std::memory_order_relaxed);
  if (owner != &current_thread()) [[unlikely]]
    reject_release(mutex, owner);
  owner_of(mutex).store(nullptr, std::memory_order_relaxed);
  std::uint32_t held = 0;
  if (!word_of(mutex).compare_exchange_strong(held, free_bit, std::memory_order_release,
                                              std::memory_order_relaxed)) [[unlikely]]
    unlock_slowly(mutex);
}

void NTAPI initialize(FAST_MUTEX& mutex) noexcept {
  mutex.Count = FM_LOCK_BIT;
  mutex.Owner = nullptr;
  mutex.Contention = 0;
  KeInitializeEvent(&mutex.Event, SynchronizationEvent, FALSE);
}

void NTAPI acquire(FAST_MUTEX& mutex, KWAIT_REASON reason) noexcept {
  require_irql(PASSIVE_LEVEL, APC_LEVEL, Rule::acquire_fast_mutex, &mutex);
  KIRQL const old = Machine::raise(APC_LEVEL);
  lock(mutex, reason);
  mutex.OldIrql = old;
}

BOOLEAN NTAPI try_acquire(FAST_MUTEX& mutex) noexcept {
  require_irql(PASSIVE_LEVEL, APC_LEVEL, Rule::acquire_fast_mutex, &mutex);
  KIRQL const old = Machine::raise(APC_LEVEL);
  if (!try_lock(mutex)) {
    Machine::lower(old);
    return FALSE;
  }
  own(mutex);
  mutex.OldIrql = old;
  return TRUE;
}

void NTAPI release(FAST_MUTEX& mutex) noexcept {
  require_irql(APC_LEVEL, APC_LEVEL, Rule::release_fast_mutex, &mutex);
  auto const old = static_cast<KIRQL>(mutex.OldIrql);
  unlock(mutex);
  Machine::lower(old);
}

void NTAPI require_no_apcs(FAST_MUTEX& mutex, Rule rule) noexcept {
  if (Machine::irql() > APC_LEVEL || !normal_apcs_held_off()) [[unlikely]]
    violation(rule, Machine::irql(), apc_disable_count(current_thread()), as_parameter(&mutex));
}

void NTAPI acquire_unsafe(FAST_MUTEX& mutex, KWAIT_REASON reason) noexcept {
  require_no_apcs(mutex, Rule::acquire_unsafe);
  lock(mutex, reason);
}

void NTAPI release_unsafe(FAST_MUTEX& mutex) noexcept {
  require_no_apcs(mutex, Rule::release_unsafe);
  unlock(mutex);
}

LockUse NTAPI use_of(FAST_MUTEX& mutex, void const* at, bool raises) noexcept {
  return {.lock = &mutex, .kind = LockKind::fast_mutex, .at = at, .raises = raises};
}

// The same, told to deadlock detection.
[[gnu::noinline]] void NTAPI acquire_checked(FAST_MUTEX& mutex, KWAIT_REASON reason,
                                             void const* at) noexcept {
  require_irql(PASSIVE_LEVEL, APC_LEVEL, Rule::acquire_fast_mutex, &mutex);
  before_lock(use_of(mutex, at, true));
  acquire(mutex, reason);
  lock_taken(use_of(mutex, at, true));
}

[[gnu::noinline]] BOOLEAN NTAPI try_acquire_checked(FAST_MUTEX& mutex, void const* at) noexcept {
  if (!try_acquire(mutex)) return FALSE;
  lock_taken(use_of(mutex, at, true));
  return TRUE;
}

[[gnu::noinline]] void NTAPI release_checked(FAST_MUTEX& mutex, void const* at) noexcept {
  lock_released(use_of(mutex, at, true), static_cast<KIRQL>(mutex.OldIrql));
  release(mutex);
}

[[gnu::noinline]] void NTAPI acquire_unsafe_checked(FAST_MUTEX& mutex, KWAIT_REASON reason,
                                                    void const* at) noexcept {
  require_no_apcs(mutex, Rule::acquire_unsafe);
  before_lock(use_of(mutex, at, false));
  lock(mutex, reason);
  lock_taken(use_of(mutex, at, false));
}

[[gnu::noinline]] void NTAPI release_unsafe_checked(FAST_MUTEX& mutex, void const* at) noexcept {
  lock_released(use_of(mutex, at, false), Machine::irql());
  release_unsafe(mutex);
}

}  // namespace

void NTAPI ExInitializeFastMutex(PFAST_MUTEX FastMutex) {
  if (locks_checked()) [[unlikely]]
    lock_initialized(use_of(*FastMutex, __builtin_return_address(0), true));
  initialize(*FastMutex);
}

void NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex) {
  if (locks_checked()) [[unlikely]]
    return acquire_checked(*FastMutex, WrFastMutex, __builtin_return_address(0));
  acquire(*FastMutex, WrFastMutex);
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex) {
  if (locks_checked()) [[unlikely]]
    return try_acquire_checked(*FastMutex, __builtin_return_address(0));
  return try_acquire(*FastMutex);
}

void NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex) {
  if (locks_checked()) [[unlikely]]
    return release_checked(*FastMutex, __builtin_return_address(0));
  release(*FastMutex);
}

void NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex) {
  if (locks_checked()) [[unlikely]]
    return acquire_unsafe_checked(*FastMutex, WrFastMutex, __builtin_return_address(0));
  acquire_unsafe(*FastMutex, WrFastMutex);
}

void NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex) {
  if (locks_checked()) [[unlikely]]
    return release_unsafe_checked(*FastMutex, __builtin_return_address(0));
  release_unsafe(*FastMutex);
}

void NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex) {
  if (locks_checked()) [[unlikely]]
    lock_initialized(use_of(*Mutex, __builtin_return_address(0), true));
  initialize(*Mutex);
}

void NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex) {
  if (locks_checked()) [[unlikely]]
    return acquire_checked(*Mutex, WrGuardedMutex, __builtin_return_address(0));
  acquire(*Mutex, WrGuardedMutex);
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex) {
  if (locks_checked()) [[unlikely]]
    return try_acquire_checked(*Mutex, __builtin_return_address(0));
  return try_acquire(*Mutex);
}

void NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex) {
  if (locks_checked()) [[unlikely]]
    return release_checked(*Mutex, __builtin_return_address(0));
  release(*Mutex);
}

void NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX FastMutex) {
  if (locks_checked()) [[unlikely]]
    return acquire_unsafe_checked(*FastMutex, WrGuardedMutex, __builtin_return_address(0));
  acquire_unsafe(*FastMutex, WrGuardedMutex);
}

void NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX FastMutex) {
  if (locks_checked()) [[unlikely]]
    return release_unsafe_checked(*FastMutex, __builtin_return_address(0));
  release_unsafe(*FastMutex);
}
