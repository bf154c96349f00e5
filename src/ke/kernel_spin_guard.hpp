// KSPIN_LOCKs, which structures of the ABI carry, held for a scope.
#pragma once

#include <nt/ke.h>
#include <machine.hpp>

namespace mica::ke {

// Raises to DISPATCH_LEVEL first, restores the level last.
class [[nodiscard]] KernelSpinGuard {
 public:
  explicit KernelSpinGuard(KSPIN_LOCK& lock) noexcept
      : lock_{lock}, old_{KeAcquireSpinLockRaiseToDpc(&lock)} {}
  ~KernelSpinGuard() noexcept { KeReleaseSpinLock(&lock_, old_); }
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
    KeAcquireSpinLockAtDpcLevel(&lock);
  }
  ~KernelSpinGuardAtDispatch() noexcept { KeReleaseSpinLockFromDpcLevel(&lock_); }
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
    KeAcquireSpinLockAtDpcLevel(&lock);
  }
  ~KernelSpinGuardAtLevel() noexcept {
    KeReleaseSpinLockFromDpcLevel(&lock_);
    Machine::lower(old_);
  }
  KernelSpinGuardAtLevel(KernelSpinGuardAtLevel const&) = delete;
  KernelSpinGuardAtLevel& operator=(KernelSpinGuardAtLevel const&) = delete;

 private:
  KSPIN_LOCK& lock_;
  KIRQL const old_;
};

}  // namespace mica::ke
