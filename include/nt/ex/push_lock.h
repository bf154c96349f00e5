// Push locks: small locks for readers and writers, one word, 0 when free.
//                                                                      [MSDN ExInitializePushLock]
//   Whoever acquires one keeps normal kernel APCs away until it is released: in a critical or
//   guarded region, or at APC_LEVEL. A thread that owns one does not acquire it again.
//   Misuse is bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION: acquired (0xEA) or released (0xEB) where
//   APCs come; KERNEL_AUTO_BOOST_INVALID_LOCK_RELEASE: released though it is not held that way;
//   KERNEL_AUTO_BOOST_LOCK_ACQUISITION_WITH_RAISED_IRQL: acquired above APC_LEVEL.
#pragma once

#include <nt/ke.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef ULONG_PTR EX_PUSH_LOCK, *PEX_PUSH_LOCK;

#define EX_DEFAULT_PUSH_LOCK_FLAGS 0

// Any IRQL.
VOID NTAPI ExInitializePushLock(PEX_PUSH_LOCK PushLock);

// The caller alone, or with others that share it. Whoever must wait is served in the order of
// requests, and nobody who comes later overtakes it. Flags are about priorities, which no lock
// changes here. IRQL <= APC_LEVEL.   [MSDN ExAcquirePushLockExclusive, ExAcquirePushLockShared]
VOID NTAPI ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags);
VOID NTAPI ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags);
// Do not wait: whether the caller got it.                  [MSDN ExTryAcquirePushLockExclusive]
BOOLEAN NTAPI ExTryAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags);
BOOLEAN NTAPI ExTryAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags);

// IRQL <= DISPATCH_LEVEL.            [MSDN ExReleasePushLockExclusive, ExReleasePushLockShared]
VOID NTAPI ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags);
VOID NTAPI ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags);

#define ExAcquirePushLockExclusive(Lock) \
  ExAcquirePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExAcquirePushLockShared(Lock) ExAcquirePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExTryAcquirePushLockExclusive(Lock) \
  ExTryAcquirePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExTryAcquirePushLockShared(Lock) \
  ExTryAcquirePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockExclusive(Lock) \
  ExReleasePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockShared(Lock) ExReleasePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)

#ifdef __cplusplus
}
#endif
