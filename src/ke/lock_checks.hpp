// Deadlock detection: docs/verifier.md, docs/adr/0017.
//
// Rules
//   Off unless a System asks for it (init/deadlock_detection.hpp). While it is off a lock's routine
//   looks at one word of its processor, which nobody writes, and does nothing else.
//   on: any IRQL. The routine that found it on calls, with interrupts enabled as they were:
//     lock_initialized   before it makes the lock free
//     before_lock        before it takes the lock, if it would wait for it: never for a try
//     lock_taken         after it has the lock, also by a try
//     lock_released      before it gives the lock back; `level`: where the IRQL falls to with that
//   Every one may end in bugcheck 0xC4, with nothing held; none allocates, waits or takes another
//   lock: the tables are of a fixed size and guarded by one spin lock, a leaf, taken at HIGH_LEVEL.
//                                                  [MSDN "Deadlock Detection", Bug Check 0xC4]
#pragma once

#include "ke/lock_tables.hpp"
#include "ke/processor.hpp"

namespace mica::ke {

struct LockUse {
  void const* lock;
  LockKind kind;
  void const* at;  // the return address of the routine that was called
  bool shared = false;
  bool raises = false;  // a mutex that is held at APC_LEVEL
};

// The answer is the same for as long as it matters: the explorer need not hear of the look.
[[nodiscard]] __attribute__((no_sanitize("thread"))) inline bool locks_checked() noexcept {
  return *const_cast<bool const volatile*>(&current().checks_locks);
}

void NTAPI lock_initialized(LockUse const& use) noexcept;
void NTAPI before_lock(LockUse const& use) noexcept;
void NTAPI lock_taken(LockUse const& use) noexcept;
void NTAPI lock_released(LockUse const& use, KIRQL level) noexcept;

// Given back as often as it was taken.
void NTAPI lock_abandoned(void const* lock) noexcept;
// By `thread`, which may be another and may be gone.
void NTAPI lock_released_for(void const* lock, void const* thread) noexcept;
// It is no lock any more.
void NTAPI lock_deleted(void const* lock) noexcept;
// The thread's share became exclusive, or the other way round.
void NTAPI lock_converted(void const* lock, bool shared) noexcept;
// The level falls, whatever the thread holds.
void NTAPI level_falls(KIRQL level) noexcept;
// Is about to be freed: DISPATCH_LEVEL or below. Does nothing while detection is off.
void NTAPI lock_memory_freed(void const* memory, std::size_t bytes) noexcept;
// The calling thread ends: what it owns is a bugcheck, and its stack is no place for locks any
// more.
void NTAPI check_locks_at_end(Thread& thread) noexcept;
// What the thread holds is forgotten: a test took its bugcheck.
void NTAPI drop_locks_of(Thread& thread) noexcept;

// A KSPIN_LOCK, for what is called at `at` (spin_lock.cpp), checked or not. IRQL >= DISPATCH_LEVEL;
// `level`: what it falls to.
void NTAPI acquire_for(KSPIN_LOCK& lock, void const* at) noexcept;
void NTAPI release_for(KSPIN_LOCK& lock, void const* at, KIRQL level) noexcept;

// An interrupt's routine runs for a scope, called at that level. IRQL > DISPATCH_LEVEL.
class [[nodiscard]] InService {
 public:
  explicit InService(KIRQL level) noexcept : checked_{locks_checked()} {
    if (checked_) [[unlikely]]
      outer_ = current().serving.exchange(level, std::memory_order_relaxed);
  }
  ~InService() {
    if (checked_) [[unlikely]]
      current().serving.store(outer_, std::memory_order_relaxed);
  }
  InService(InService const&) = delete;
  InService& operator=(InService const&) = delete;

 private:
  bool const checked_;
  KIRQL outer_ = 0;
};

// `tables` is zero-filled, and the caller's again when it is returned. IRQL PASSIVE_LEVEL; one
// caller at a time.
void NTAPI start_lock_checks(LockTables& tables) noexcept;
[[nodiscard]] LockTables* NTAPI stop_lock_checks() noexcept;

}  // namespace mica::ke
