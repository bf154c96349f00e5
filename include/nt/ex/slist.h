// Sequenced singly linked lists: last in, first out, without a lock.
//   Header and entries are aligned to 16 bytes; another address raises
//   STATUS_DATATYPE_MISALIGNMENT. An entry that was popped may be written to and freed at once,
//   even while others pop: its memory only has to stay mapped, which pool does.
//   Any IRQL. The Lock of the ExInterlocked forms is not used on x64.
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Makes the list empty; nobody may use it meanwhile.                   [MSDN ExInitializeSListHead]
VOID NTAPI InitializeSListHead(PSLIST_HEADER SListHead);
#define ExInitializeSListHead InitializeSListHead

// How many entries there are, modulo 65536.                                [MSDN ExQueryDepthSList]
USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER ListHead);
#define QueryDepthSList(Head) ExQueryDepthSList(Head)

// Returns what was first before, null if the list was empty.     [MSDN ExInterlockedPushEntrySList]
PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry);
#define InterlockedPushEntrySList(Head, Entry) ExpInterlockedPushEntrySList(Head, Entry)
#define ExInterlockedPushEntrySList(Head, Entry, Lock) ExpInterlockedPushEntrySList(Head, Entry)

// Takes the first entry, null if there is none.                   [MSDN ExInterlockedPopEntrySList]
PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead);
#define InterlockedPopEntrySList(Head) ExpInterlockedPopEntrySList(Head)
#define ExInterlockedPopEntrySList(Head, Lock) ExpInterlockedPopEntrySList(Head)

// Takes all entries; returns the first, null if there was none.      [MSDN ExInterlockedFlushSList]
PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead);
#define InterlockedFlushSList(Head) ExpInterlockedFlushSList(Head)
#define ExInterlockedFlushSList(Head) ExpInterlockedFlushSList(Head)

#ifdef __cplusplus
}
#endif
