// Lists and numbers that a spin lock of their own guards, interrupt handlers included.
//   Any IRQL: interrupts are masked meanwhile. The memory is nonpaged. Use the lock for these
//   routines only: code that takes it at DISPATCH_LEVEL could be interrupted by one that waits for
//   it.
#pragma once

#include <nt/ke.h>

#ifdef __cplusplus
extern "C" {
#endif

// Return what was first (last) before, null if the list was empty.
//                                   [MSDN ExInterlockedInsertHeadList, ExInterlockedInsertTailList]
PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock);
PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                              PKSPIN_LOCK Lock);
// The first entry, null if there is none.                        [MSDN ExInterlockedRemoveHeadList]
PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock);

// What was first before, and the first: null if there was none.
//                                      [MSDN ExInterlockedPushEntryList, ExInterlockedPopEntryList]
PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                                    PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock);
PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock);

// Return the value before.             [MSDN ExInterlockedAddUlong, ExInterlockedAddLargeInteger]
ULONG NTAPI ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock);
LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                 PKSPIN_LOCK Lock);

// Without a lock: inline, as in the DDK.                      [MSDN ExInterlockedAddLargeStatistic]
#define ExInterlockedAddLargeStatistic(Addend, Increment) \
  ((VOID)__atomic_fetch_add(&(Addend)->QuadPart, (ULONG)(Increment), __ATOMIC_SEQ_CST))

// Inline too: the value before. The lock is not used on x64.  [MSDN ExInterlockedCompareExchange64]
FORCEINLINE LONGLONG ExpCompareExchange64(LONGLONG volatile* Destination, LONGLONG Exchange,
                                          LONGLONG Comperand) {
  __atomic_compare_exchange_n(Destination, &Comperand, Exchange, 0, __ATOMIC_SEQ_CST,
                              __ATOMIC_SEQ_CST);
  return Comperand;
}
#define ExInterlockedCompareExchange64(Destination, Exchange, Comperand, Lock) \
  ExpCompareExchange64(Destination, *(Exchange), *(Comperand))

#ifdef __cplusplus
}
#endif
