// KSPIN_LOCKs, which structures of the ABI carry, held for a scope.
//   The executive's own use of them: nothing else is taken inside, and deadlock detection does not
//   hear of it.
#pragma once

#include <nt/ke.h>
#include <machine.hpp>

namespace mica::ke {

// In spin_lock.cpp. IRQL >= DISPATCH_LEVEL, but for the first, which raises to it.
[[nodiscard]] KIRQL NTAPI raise_and_acquire_unchecked(KSPIN_LOCK& lock) noexcept;
void NTAPI acquire_unchecked(KSPIN_LOCK& lock) noexcept;
void NTAPI release_unchecked(KSPIN_LOCK& lock) noexcept;

// Raises to DISPATCH_LEVEL first, restores the level last.
class [[nodiscard]] KernelSpinGuard {
 public:
  explicit KernelSpinGuard(KSPIN_LOCK& lock) noexcept
      : lock_{lock}, old_{raise_and_acquire_unchecked(lock)} {}
  ~KernelSpinGuard() noexcept {
    release_unchecked(lock_);
    Machine::lower(old_);
  }
  KernelSpinGuard(KernelSpinGuard const&) = delete;
  KernelSpinGuard& operator=(KernelSpinGuard const&) = delete;

 private:
  KSPIN_LOCK& lock_;
  KIRQL const old_;
};

// For callers that are at DISPATCH_LEVEL or above already.
class [[nodiscard]] KernelSpinGuardAtDispatch {
 public:
  explicit KernelSpinGuardAtDispatch(KSPIN_LOCK& lock) noexcept : lock_{lock} {
    acquire_unchecked(lock);
  }
  ~KernelSpinGuardAtDispatch() noexcept { release_unchecked(lock_); }
  KernelSpinGuardAtDispatch(KernelSpinGuardAtDispatch const&) = delete;
  KernelSpinGuardAtDispatch& operator=(KernelSpinGuardAtDispatch const&) = delete;

 private:
  KSPIN_LOCK& lock_;
};

// Raises to a level of DISPATCH_LEVEL or above first, restores the level last.
class [[nodiscard]] KernelSpinGuardAtLevel {
 public:
  KernelSpinGuardAtLevel(KSPIN_LOCK& lock, KIRQL level) noexcept
      : lock_{lock}, old_{Machine::raise(level)} {
    acquire_unchecked(lock);
  }
  ~KernelSpinGuardAtLevel() noexcept {
    release_unchecked(lock_);
    Machine::lower(old_);
  }
  KernelSpinGuardAtLevel(KernelSpinGuardAtLevel const&) = delete;
  KernelSpinGuardAtLevel& operator=(KernelSpinGuardAtLevel const&) = delete;

 private:
  KSPIN_LOCK& lock_;
  KIRQL const old_;
};

}  // namespace mica::ke
