// Push locks.                                                         [MSDN ExInitializePushLock]
//   0 while free; bit 0 while held. Nobody waits: above bit 3 stands how many share it, 0 when it
//   is held exclusively. Somebody waits, bit 1: there stands the first of the queue, which says how
//   many share it; whoever comes later queues behind. Bit 2: a processor, at DISPATCH_LEVEL,
//   changes the queue, and nobody else the word. A waiter stands on its thread's stack until who
//   released the lock has given it to it, and signals it last.
#include <nt/ex/push_lock.h>

#include <atomic>
#include <cstdint>

#include "ex/resource_rules.hpp"
#include "ke/lock_checks.hpp"

using namespace mica;
using namespace mica::ex;

namespace {

using Word = std::atomic_ref<ULONG_PTR>;

constexpr ULONG_PTR held = 1;
constexpr ULONG_PTR queued = 2;
constexpr ULONG_PTR busy = 4;
constexpr ULONG_PTR one_share = 16;

struct alignas(16) Waiter {
  KEVENT given;
  Waiter* next;
  Waiter* last;      // the first one's: of the queue
  ULONG_PTR shares;  // the first one's: of those who hold the lock, as they would stand in the word
  bool exclusive;
};

Waiter& first_of(ULONG_PTR word) noexcept {
  return *reinterpret_cast<Waiter*>(word & ~(one_share - 1));
}

bool change(Word word, ULONG_PTR& seen, ULONG_PTR next) noexcept {
  return word.compare_exchange_weak(seen, next, std::memory_order_acq_rel,
                                    std::memory_order_relaxed);
}

// Whether the lock, in which nobody waits, is free for that.
bool admits(ULONG_PTR word, bool exclusive) noexcept {
  return word == 0 || (!exclusive && (word & queued) == 0 && word != held);
}

ULONG_PTR entered(ULONG_PTR word, bool exclusive) noexcept {
  return exclusive ? held : (word | held) + one_share;
}

bool NTAPI try_enter(Word word, bool exclusive) noexcept {
  ULONG_PTR seen = 0;
  if (!exclusive) seen = word.load(std::memory_order_relaxed);
  while (admits(seen, exclusive))
    if (word.compare_exchange_weak(seen, entered(seen, exclusive), std::memory_order_acquire,
                                   std::memory_order_relaxed))
      return true;
  return false;
}

// The queue is there and stays: who calls holds the lock, or will queue.
bool NTAPI try_lock_queue(Word word, ULONG_PTR& seen) noexcept {
  if ((seen & busy) != 0) {
    Machine::await(word, seen);
    seen = word.load(std::memory_order_relaxed);
    return false;
  }
  return change(word, seen, seen | busy);
}

// False: the lock was entered instead.
bool NTAPI enqueue(Word word, Waiter& waiter) noexcept {
  ke::RaiseToDispatch raised;
  ULONG_PTR seen = word.load(std::memory_order_relaxed);
  for (;;) {
    if (admits(seen, waiter.exclusive)) {
      if (change(word, seen, entered(seen, waiter.exclusive))) return false;
    } else if ((seen & queued) == 0) {
      waiter.last = &waiter;
      waiter.shares = seen & ~held;
      if (change(word, seen, ke::as_parameter(&waiter) | queued | held)) return true;
    } else if (try_lock_queue(word, seen)) {
      Waiter& first = first_of(seen);
      first.last->next = &waiter;
      first.last = &waiter;
      word.store(seen, std::memory_order_release);
      return true;
    }
  }
}

[[gnu::noinline]] void NTAPI wait_to_enter(Word word, bool exclusive) noexcept {
  Waiter waiter;
  KeInitializeEvent(&waiter.given, SynchronizationEvent, FALSE);
  waiter.next = nullptr;
  waiter.exclusive = exclusive;
  if (enqueue(word, waiter))
    static_cast<void>(KeWaitForSingleObject(&waiter.given, WrPushLock, KernelMode, FALSE, nullptr));
}

// The word once the first waiter has the lock, with those who share it behind it. `end` becomes the
// first that still waits.
ULONG_PTR NTAPI pass_on(Waiter& first, Waiter*& end) noexcept {
  ULONG_PTR shares = 0;
  end = first.next;
  if (!first.exclusive) {
    shares = one_share;
    for (; end != nullptr && !end->exclusive; end = end->next) shares += one_share;
  }
  if (end == nullptr) return shares | held;
  end->last = first.last;
  end->shares = shares;
  return ke::as_parameter(end) | queued | held;
}

void NTAPI signal(Waiter* waiter, Waiter const* end) noexcept {
  while (waiter != end) {
    Waiter* const next = waiter->next;
    KeSetEvent(&waiter->given, IO_NO_INCREMENT, FALSE);
    waiter = next;
  }
}

// Releases a lock for which others wait. False: it is not held that way.
[[gnu::noinline]] bool NTAPI leave_to_waiters(Word word, bool exclusive) noexcept {
  ke::RaiseToDispatch raised;
  ULONG_PTR seen = word.load(std::memory_order_relaxed);
  while (!try_lock_queue(word, seen)) {
  }
  Waiter& first = first_of(seen);
  bool const held_so = exclusive == (first.shares == 0);
  if (held_so && !exclusive) first.shares -= one_share;
  if (!held_so || first.shares != 0) {
    word.store(seen, std::memory_order_release);
    return held_so;
  }
  Waiter* end = nullptr;
  word.store(pass_on(first, end), std::memory_order_release);
  signal(&first, end);
  return true;
}

// Whether it was held that way.
bool NTAPI leave(Word word, bool exclusive) noexcept {
  ULONG_PTR seen = exclusive ? held : word.load(std::memory_order_relaxed);
  for (;;) {
    if ((seen & queued) != 0) return leave_to_waiters(word, exclusive);
    if (exclusive ? seen != held : seen <= held) return false;
    ULONG_PTR const rest = exclusive ? held : seen - one_share;
    if (word.compare_exchange_weak(seen, rest == held ? 0 : rest, std::memory_order_release,
                                   std::memory_order_relaxed))
      return true;
  }
}

void NTAPI acquire(PEX_PUSH_LOCK lock, bool exclusive) noexcept {
  require_acquirable(lock, ke::Rule::acquire_push_lock);
  if (!try_enter(Word{*lock}, exclusive)) [[unlikely]]
    wait_to_enter(Word{*lock}, exclusive);
}

BOOLEAN NTAPI try_acquire(PEX_PUSH_LOCK lock, bool exclusive) noexcept {
  require_acquirable(lock, ke::Rule::acquire_push_lock);
  return try_enter(Word{*lock}, exclusive) ? TRUE : FALSE;
}

void NTAPI release(PEX_PUSH_LOCK lock, bool exclusive) noexcept {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, lock);
  require_no_apcs(lock, ke::Rule::release_push_lock);
  if (!leave(Word{*lock}, exclusive)) [[unlikely]]
    ke::bugcheck(KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE, ke::as_parameter(&ke::current_thread()),
                 ke::as_parameter(lock));
}

ke::LockUse NTAPI use_of(PEX_PUSH_LOCK lock, bool exclusive, void const* at) noexcept {
  return {.lock = lock, .kind = ke::LockKind::push_lock, .at = at, .shared = !exclusive};
}

// The same, told to deadlock detection.
[[gnu::noinline]] void NTAPI acquire_checked(PEX_PUSH_LOCK lock, bool exclusive,
                                             void const* at) noexcept {
  require_acquirable(lock, ke::Rule::acquire_push_lock);
  ke::before_lock(use_of(lock, exclusive, at));
  acquire(lock, exclusive);
  ke::lock_taken(use_of(lock, exclusive, at));
}

[[gnu::noinline]] BOOLEAN NTAPI try_acquire_checked(PEX_PUSH_LOCK lock, bool exclusive,
                                                    void const* at) noexcept {
  if (try_acquire(lock, exclusive) == FALSE) return FALSE;
  ke::lock_taken(use_of(lock, exclusive, at));
  return TRUE;
}

[[gnu::noinline]] void NTAPI release_checked(PEX_PUSH_LOCK lock, bool exclusive,
                                             void const* at) noexcept {
  ke::lock_released(use_of(lock, exclusive, at), Machine::irql());
  release(lock, exclusive);
}

}  // namespace

void NTAPI ExInitializePushLock(PEX_PUSH_LOCK PushLock) {
  if (ke::locks_checked()) [[unlikely]]
    ke::lock_initialized(use_of(PushLock, true, __builtin_return_address(0)));
  *PushLock = 0;
}

void NTAPI ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG) {
  if (ke::locks_checked()) [[unlikely]]
    return acquire_checked(PushLock, true, __builtin_return_address(0));
  acquire(PushLock, true);
}

void NTAPI ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG) {
  if (ke::locks_checked()) [[unlikely]]
    return acquire_checked(PushLock, false, __builtin_return_address(0));
  acquire(PushLock, false);
}

BOOLEAN NTAPI ExTryAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG) {
  if (ke::locks_checked()) [[unlikely]]
    return try_acquire_checked(PushLock, true, __builtin_return_address(0));
  return try_acquire(PushLock, true);
}

BOOLEAN NTAPI ExTryAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG) {
  if (ke::locks_checked()) [[unlikely]]
    return try_acquire_checked(PushLock, false, __builtin_return_address(0));
  return try_acquire(PushLock, false);
}

void NTAPI ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG) {
  if (ke::locks_checked()) [[unlikely]]
    return release_checked(PushLock, true, __builtin_return_address(0));
  release(PushLock, true);
}

void NTAPI ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG) {
  if (ke::locks_checked()) [[unlikely]]
    return release_checked(PushLock, false, __builtin_return_address(0));
  release(PushLock, false);
}
