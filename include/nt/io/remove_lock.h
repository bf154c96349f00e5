// Remove locks: how many use a device, and the wait of who removes it until nobody does.
//   The lock is its device's, nonpaged, and zero before it is initialised. A driver that was
//   compiled with DBG has the long form, which knows who holds it.      [MSDN "Using Remove Locks"]
#pragma once

#include <nt/ke.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _IO_REMOVE_LOCK_TRACKING_BLOCK* PIO_REMOVE_LOCK_TRACKING_BLOCK;

typedef struct _IO_REMOVE_LOCK_COMMON_BLOCK {
  BOOLEAN Removed;
  BOOLEAN Reserved[3];
  volatile LONG IoCount;  // the I/O manager's
  KEVENT RemoveEvent;
} IO_REMOVE_LOCK_COMMON_BLOCK;

typedef struct _IO_REMOVE_LOCK_DBG_BLOCK {
  LONG Signature;
  LONG HighWatermark;
  LONGLONG MaxLockedTicks;
  LONG AllocateTag;
  LIST_ENTRY LockList;
  KSPIN_LOCK Spin;
  volatile LONG LowMemoryCount;
  ULONG Reserved1[4];
  PVOID Reserved2;
  PIO_REMOVE_LOCK_TRACKING_BLOCK Blocks;
} IO_REMOVE_LOCK_DBG_BLOCK;

typedef struct _IO_REMOVE_LOCK {
  IO_REMOVE_LOCK_COMMON_BLOCK Common;
#if DBG
  IO_REMOVE_LOCK_DBG_BLOCK Dbg;
#endif
} IO_REMOVE_LOCK, *PIO_REMOVE_LOCK;

// RemlockSize says which form it is. The long one takes memory of that tag for each acquisition,
// and tells the debugger of a lock that is held by more than HighWatermark at a time, or by one for
// more than MaxLockedMinutes; 0: no limit. IRQL PASSIVE_LEVEL.      [MSDN IoInitializeRemoveLock]
VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                                    ULONG HighWatermark, ULONG RemlockSize);
// STATUS_DELETE_PENDING: the device is being removed, and the lock is not held. IRQL <=
// DISPATCH_LEVEL.                                                      [MSDN IoAcquireRemoveLock]
NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                                     ULONG RemlockSize);
// A lock that nobody holds, and in the long form a tag that nobody holds it by, is bugcheck 0xC4
// with 0xD5. IRQL <= DISPATCH_LEVEL.                                   [MSDN IoReleaseRemoveLock]
VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize);
// Nobody gets the lock from now on; returns when nobody holds it. By a caller that holds it, once:
// else bugcheck 0xC4 with 0xD6. IRQL PASSIVE_LEVEL.             [MSDN IoReleaseRemoveLockAndWait]
VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize);

#define IoInitializeRemoveLock(Lock, AllocateTag, MaxLockedMinutes, HighWatermark)     \
  IoInitializeRemoveLockEx((Lock), (AllocateTag), (MaxLockedMinutes), (HighWatermark), \
                           sizeof(IO_REMOVE_LOCK))
#if DBG
#define IoAcquireRemoveLock(RemoveLock, Tag) \
  IoAcquireRemoveLockEx((RemoveLock), (Tag), __FILE__, __LINE__, sizeof(IO_REMOVE_LOCK))
#else
#define IoAcquireRemoveLock(RemoveLock, Tag) \
  IoAcquireRemoveLockEx((RemoveLock), (Tag), "", 1, sizeof(IO_REMOVE_LOCK))
#endif
#define IoReleaseRemoveLock(RemoveLock, Tag) \
  IoReleaseRemoveLockEx((RemoveLock), (Tag), sizeof(IO_REMOVE_LOCK))
#define IoReleaseRemoveLockAndWait(RemoveLock, Tag) \
  IoReleaseRemoveLockAndWaitEx((RemoveLock), (Tag), sizeof(IO_REMOVE_LOCK))

#ifdef __cplusplus
}
#endif
