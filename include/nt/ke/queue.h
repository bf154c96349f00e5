// Queues that threads wait on for entries, so that only so many of them work at once.
//   A thread belongs to the queue it took from last, until it takes from another, ends, or the
//   queue is run down. It counts as working but while it waits, for an entry or for anything else;
//   when it begins to, another may work in its place.
//   The caller provides queue and entries, nonpaged.                      [MSDN KeInitializeQueue]
#pragma once

#include <nt/ke/dispatcher.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _KQUEUE {
  DISPATCHER_HEADER Header;  // SignalState: how many entries it holds
  LIST_ENTRY EntryListHead;
  volatile ULONG CurrentCount;  // of its threads, those that work
  ULONG MaximumCount;
  LIST_ENTRY ThreadListHead;
} KQUEUE, *PKQUEUE, *PRKQUEUE;

// Empty. Count threads may work at once; 0: as many as there are processors. Nobody may use it
// meanwhile. IRQL <= DISPATCH_LEVEL.                                     [MSDN KeInitializeQueue]
VOID NTAPI KeInitializeQueue(PRKQUEUE Queue, ULONG Count);

// Gives the entry to the thread that began to wait last, if one waits and may work; else it is the
// queue's last, or first. Returns how many the queue held before. IRQL <= DISPATCH_LEVEL.
//                                                           [MSDN KeInsertQueue, KeInsertHeadQueue]
LONG NTAPI KeInsertQueue(PRKQUEUE Queue, PLIST_ENTRY Entry);
LONG NTAPI KeInsertHeadQueue(PRKQUEUE Queue, PLIST_ENTRY Entry);

// Takes the first entry out; waits while there is none, or while enough threads work. Timeout and
// IRQL as in KeWaitForSingleObject. Instead of an entry, as a pointer: STATUS_TIMEOUT,
// STATUS_USER_APC, STATUS_ABANDONED (the queue was run down).                [MSDN KeRemoveQueue]
PLIST_ENTRY NTAPI KeRemoveQueue(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode, PLARGE_INTEGER Timeout);

// The same for up to Count > 0 entries, without waiting for more than one. Returns how many there
// are in EntryArray; 1 with a status instead of an entry, STATUS_ALERTED too.
//                                                                                         [ntifs.h]
ULONG NTAPI KeRemoveQueueEx(PKQUEUE Queue, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                            PLARGE_INTEGER Timeout, PLIST_ENTRY* EntryArray, ULONG Count);

// How many entries it holds. Any IRQL.                                     [MSDN KeReadStateQueue]
LONG NTAPI KeReadStateQueue(PRKQUEUE Queue);

// Ends its use: no thread belongs to it any more, who waits or comes gets STATUS_ABANDONED. Returns
// the first of its entries, which are linked in a circle without a head; null if there was none.
// The memory may be freed when no thread is in KeRemoveQueue. IRQL <= DISPATCH_LEVEL.
//                                                                            [MSDN KeRundownQueue]
PLIST_ENTRY NTAPI KeRundownQueue(PRKQUEUE Queue);

#ifdef __cplusplus
}
#endif
