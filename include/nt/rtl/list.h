// Doubly and singly linked lists, inline as in the DDK. Any IRQL for resident entries; the caller
// holds whatever lock the list has. A list's head is an entry that is never an element.
//   [MSDN "Singly and Doubly Linked Lists"]
#pragma once

#include <nt/ntdef.h>

#ifdef __cplusplus
extern "C" {
#endif

// Makes the list empty.                                                   [MSDN InitializeListHead]
FORCEINLINE VOID InitializeListHead(PLIST_ENTRY ListHead) {
  ListHead->Flink = ListHead;
  ListHead->Blink = ListHead;
}

FORCEINLINE BOOLEAN IsListEmpty(LIST_ENTRY const* ListHead) {
  return (BOOLEAN)(ListHead->Flink == ListHead);
}

// TRUE if the list is empty without it.                                      [MSDN RemoveEntryList]
FORCEINLINE BOOLEAN RemoveEntryList(PLIST_ENTRY Entry) {
  PLIST_ENTRY next = Entry->Flink;
  PLIST_ENTRY previous = Entry->Blink;
  previous->Flink = next;
  next->Blink = previous;
  return (BOOLEAN)(next == previous);
}

// The entry removed; the head itself if the list was empty. [MSDN RemoveHeadList, RemoveTailList]
FORCEINLINE PLIST_ENTRY RemoveHeadList(PLIST_ENTRY ListHead) {
  PLIST_ENTRY entry = ListHead->Flink;
  RemoveEntryList(entry);
  return entry;
}

FORCEINLINE PLIST_ENTRY RemoveTailList(PLIST_ENTRY ListHead) {
  PLIST_ENTRY entry = ListHead->Blink;
  RemoveEntryList(entry);
  return entry;
}

FORCEINLINE VOID InsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry) {
  PLIST_ENTRY next = ListHead->Flink;
  Entry->Flink = next;
  Entry->Blink = ListHead;
  next->Blink = Entry;
  ListHead->Flink = Entry;
}

FORCEINLINE VOID InsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY Entry) {
  PLIST_ENTRY previous = ListHead->Blink;
  Entry->Flink = ListHead;
  Entry->Blink = previous;
  previous->Flink = Entry;
  ListHead->Blink = Entry;
}

// Joins a list without a head of its own, begun by ListToAppend, to the end.  [MSDN AppendTailList]
FORCEINLINE VOID AppendTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListToAppend) {
  PLIST_ENTRY last = ListHead->Blink;
  last->Flink = ListToAppend;
  ListHead->Blink = ListToAppend->Blink;
  ListToAppend->Blink->Flink = ListHead;
  ListToAppend->Blink = last;
}

// The entry removed; null if the list was empty.                                [MSDN PopEntryList]
FORCEINLINE PSINGLE_LIST_ENTRY PopEntryList(PSINGLE_LIST_ENTRY ListHead) {
  PSINGLE_LIST_ENTRY entry = ListHead->Next;
  if (entry != NULL) ListHead->Next = entry->Next;
  return entry;
}

FORCEINLINE VOID PushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY Entry) {
  Entry->Next = ListHead->Next;
  ListHead->Next = Entry;
}

#ifdef __cplusplus
}
#endif
