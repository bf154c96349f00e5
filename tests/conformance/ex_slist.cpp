// Sequenced singly linked lists.    [MSDN ExInterlockedPushEntrySList, ExInterlockedPopEntrySList]
#include <nt/ex.h>
#include <nt/ntstatus.h>
#include <mica/test.hpp>

#include <atomic>

#include "support.hpp"

using namespace mica::test;

namespace {

bool raises(Bugcheck const& end, NTSTATUS status) {
  return end.happened && end.code == unhandled &&
         static_cast<NTSTATUS>(end.parameters[0]) == status;
}

struct Item {
  SLIST_ENTRY entry;
  std::atomic<int> owners{0};
};

}  // namespace

MICA_CASE("Ex: a sequenced list is last in, first out") {
  SLIST_HEADER list;
  SLIST_ENTRY entries[3];
  ExInitializeSListHead(&list);
  MICA_CHECK(ExQueryDepthSList(&list) == 0);
  MICA_CHECK(ExInterlockedPopEntrySList(&list, nullptr) == nullptr);
  MICA_CHECK(ExInterlockedPushEntrySList(&list, &entries[0], nullptr) == nullptr);
  MICA_CHECK(ExInterlockedPushEntrySList(&list, &entries[1], nullptr) == &entries[0]);
  MICA_CHECK(ExInterlockedPushEntrySList(&list, &entries[2], nullptr) == &entries[1]);
  MICA_CHECK(ExQueryDepthSList(&list) == 3);
  for (int i = 2; i >= 0; --i)
    MICA_CHECK(ExInterlockedPopEntrySList(&list, nullptr) == &entries[i]);
  MICA_CHECK(ExInterlockedPopEntrySList(&list, nullptr) == nullptr);
  MICA_CHECK(ExQueryDepthSList(&list) == 0);
}

MICA_CASE("Ex: flushing a sequenced list takes all its entries, linked") {
  SLIST_HEADER list;
  SLIST_ENTRY entries[3];
  InitializeSListHead(&list);
  MICA_CHECK(ExInterlockedFlushSList(&list) == nullptr);
  for (SLIST_ENTRY& entry : entries) InterlockedPushEntrySList(&list, &entry);
  MICA_CHECK(InterlockedFlushSList(&list) == &entries[2]);
  MICA_CHECK(entries[2].Next == &entries[1] && entries[1].Next == &entries[0] &&
             entries[0].Next == nullptr);
  MICA_CHECK(QueryDepthSList(&list) == 0);
  MICA_CHECK(InterlockedPopEntrySList(&list) == nullptr);
  MICA_CHECK(InterlockedPushEntrySList(&list, &entries[0]) == nullptr);
  MICA_CHECK(QueryDepthSList(&list) == 1);
}

MICA_CASE("Ex: a list's header has its depth, its first entry, and counts its pushes") {
  SLIST_HEADER list;
  SLIST_ENTRY entries[2];
  InitializeSListHead(&list);
  InterlockedPushEntrySList(&list, &entries[0]);
  InterlockedPushEntrySList(&list, &entries[1]);
  MICA_CHECK(list.HeaderX64.Depth == 2 && list.HeaderX64.Sequence == 2);
  MICA_CHECK(list.HeaderX64.NextEntry << 4 == reinterpret_cast<ULONG_PTR>(&entries[1]));
  InterlockedPopEntrySList(&list);
  MICA_CHECK(list.HeaderX64.Depth == 1 && list.HeaderX64.Sequence == 2);
  InterlockedFlushSList(&list);
  MICA_CHECK(list.HeaderX64.Depth == 0 && list.HeaderX64.Sequence == 2);
  MICA_CHECK(list.Region == 0);
}

MICA_CASE("Ex: a list's depth wraps without touching its count of pushes") {
  SLIST_HEADER list;
  SLIST_ENTRY entry;
  InitializeSListHead(&list);
  list.HeaderX64.Depth = 0xFFFF;
  InterlockedPushEntrySList(&list, &entry);
  MICA_CHECK(list.HeaderX64.Depth == 0 && list.HeaderX64.Sequence == 1);
  MICA_CHECK(InterlockedPopEntrySList(&list) == &entry);
  MICA_CHECK(list.HeaderX64.Depth == 0xFFFF && list.HeaderX64.Sequence == 1);
}

MICA_CASE("Ex: what is not aligned to 16 bytes is no list and no entry") {
  alignas(16) UCHAR memory[48] = {};
  MICA_CHECK(
      raises(bugcheck_of([&] { InitializeSListHead(reinterpret_cast<PSLIST_HEADER>(memory + 8)); }),
             STATUS_DATATYPE_MISALIGNMENT));
  auto* const list = reinterpret_cast<PSLIST_HEADER>(memory);
  InitializeSListHead(list);
  MICA_CHECK(raises(bugcheck_of([&] {
                      InterlockedPushEntrySList(list, reinterpret_cast<PSLIST_ENTRY>(memory + 24));
                    }),
                    STATUS_DATATYPE_MISALIGNMENT));
  MICA_CHECK(ExQueryDepthSList(list) == 0);
}

MICA_CASE("Ex: a sequenced list may be used at HIGH_LEVEL") {
  SLIST_HEADER list;
  SLIST_ENTRY entry;
  KIRQL old;
  KeRaiseIrql(HIGH_LEVEL, &old);
  InitializeSListHead(&list);
  InterlockedPushEntrySList(&list, &entry);
  USHORT const depth = ExQueryDepthSList(&list);
  PSLIST_ENTRY const popped = InterlockedPopEntrySList(&list);
  PSLIST_ENTRY const flushed = InterlockedFlushSList(&list);
  KeLowerIrql(old);
  MICA_CHECK(depth == 1 && popped == &entry && flushed == nullptr);
}

MICA_CASE("Ex: an entry that many pop and push has one owner at a time") {
  SLIST_HEADER list;
  Item items[3];
  InitializeSListHead(&list);
  for (Item& item : items) InterlockedPushEntrySList(&list, &item.entry);
  auto user = [&] {
    for (int i = 0; i < 300; ++i) {
      auto* const item = CONTAINING_RECORD(InterlockedPopEntrySList(&list), Item, entry);
      MICA_CHECK(++item->owners == 1);
      item->entry.Next = nullptr;
      --item->owners;
      InterlockedPushEntrySList(&list, &item->entry);
    }
  };
  mica::test::Thread* threads[3];
  for (int i = 0; i < 3; ++i) threads[i] = start(user, {.processor = i});
  for (auto* thread : threads) join(thread);
  MICA_CHECK(ExQueryDepthSList(&list) == 3);
  for (int i = 0; i < 3; ++i) MICA_CHECK(InterlockedPopEntrySList(&list) != nullptr);
  MICA_CHECK(InterlockedPopEntrySList(&list) == nullptr);
}
