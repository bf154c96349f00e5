// Memory and lists.           [MSDN RtlCompareMemory, "Singly and Doubly Linked Lists"]
#include "rtl_support.hpp"

using namespace mica::test;

MICA_CASE("Rtl: memory is zeroed, filled, copied and moved") {
  UCHAR bytes[8];
  RtlFillMemory(bytes, sizeof bytes, 0x5A);
  RtlZeroMemory(bytes + 2, 3);
  UCHAR const expected[8] = {0x5A, 0x5A, 0, 0, 0, 0x5A, 0x5A, 0x5A};
  MICA_CHECK(RtlEqualMemory(bytes, expected, 8));
  for (UCHAR at = 0; at < 8; ++at) bytes[at] = at;
  RtlMoveMemory(bytes + 1, bytes, 7);
  UCHAR const moved[8] = {0, 0, 1, 2, 3, 4, 5, 6};
  MICA_CHECK(RtlEqualMemory(bytes, moved, 8));
  RtlCopyMemory(bytes, expected, 4);
  MICA_CHECK(bytes[1] == 0x5A && bytes[3] == 0 && bytes[4] == 3);
  MICA_CHECK(!RtlEqualMemory(bytes, expected, 8));
  MICA_CHECK(RtlSecureZeroMemory(bytes, 8) == bytes && bytes[0] == 0 && bytes[7] == 0);
}

MICA_CASE("Rtl: RtlCompareMemory counts the bytes that agree") {
  UCHAR const left[] = {1, 2, 3, 4};
  UCHAR const right[] = {1, 2, 9, 4};
  MICA_CHECK(RtlCompareMemory(left, right, 4) == 2);
  MICA_CHECK(RtlCompareMemory(left, right, 2) == 2);
  MICA_CHECK(RtlCompareMemory(left, left, 4) == 4);
  MICA_CHECK(RtlCompareMemory(left, right + 1, 4) == 0);
  MICA_CHECK(RtlCompareMemory(left, right, 0) == 0);
}

MICA_CASE("Rtl: doubly linked lists") {
  LIST_ENTRY head;
  LIST_ENTRY entries[3];
  InitializeListHead(&head);
  MICA_CHECK(IsListEmpty(&head) == TRUE);
  MICA_CHECK(RemoveHeadList(&head) == &head && RemoveTailList(&head) == &head);
  InsertTailList(&head, &entries[1]);
  InsertTailList(&head, &entries[2]);
  InsertHeadList(&head, &entries[0]);
  MICA_CHECK(IsListEmpty(&head) == FALSE);
  MICA_CHECK(head.Flink == &entries[0] && head.Blink == &entries[2]);
  MICA_CHECK(entries[0].Flink == &entries[1] && entries[1].Blink == &entries[0]);
  MICA_CHECK(RemoveEntryList(&entries[1]) == FALSE);
  MICA_CHECK(entries[0].Flink == &entries[2] && entries[2].Blink == &entries[0]);
  MICA_CHECK(RemoveTailList(&head) == &entries[2]);
  MICA_CHECK(RemoveEntryList(&entries[0]) == TRUE && IsListEmpty(&head) == TRUE);
}

MICA_CASE("Rtl: a list without a head is appended whole") {
  LIST_ENTRY head;
  LIST_ENTRY first;
  LIST_ENTRY others[2];
  InitializeListHead(&head);
  InsertTailList(&head, &first);
  InitializeListHead(&others[0]);
  InsertTailList(&others[0], &others[1]);
  AppendTailList(&head, &others[0]);
  MICA_CHECK(RemoveHeadList(&head) == &first);
  MICA_CHECK(RemoveHeadList(&head) == &others[0]);
  MICA_CHECK(RemoveHeadList(&head) == &others[1]);
  MICA_CHECK(IsListEmpty(&head) == TRUE && head.Blink == &head);
}

MICA_CASE("Rtl: singly linked lists are stacks") {
  SINGLE_LIST_ENTRY head{nullptr};
  SINGLE_LIST_ENTRY entries[2];
  MICA_CHECK(PopEntryList(&head) == nullptr);
  PushEntryList(&head, &entries[0]);
  PushEntryList(&head, &entries[1]);
  MICA_CHECK(PopEntryList(&head) == &entries[1]);
  MICA_CHECK(PopEntryList(&head) == &entries[0]);
  MICA_CHECK(PopEntryList(&head) == nullptr && head.Next == nullptr);
}
