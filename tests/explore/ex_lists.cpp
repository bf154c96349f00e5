// E1: an entry of a sequenced list, of a lookaside list or of an interlocked one belongs to the
// list or to one owner, and is never lost.
#include <nt/ex.h>

#include "together.hpp"

using namespace mica::explore;

namespace {

// Entries that know whose they are: plain words, so that two owners are a race too.
struct Entries {
  struct Entry {
    SLIST_ENTRY link;
    int owners = 0;
  };
  SLIST_HEADER list;
  Entry all[3];

  Entries() noexcept {
    InitializeSListHead(&list);
    for (Entry& entry : all) InterlockedPushEntrySList(&list, &entry.link);
  }
  void own(Entry& entry) noexcept {
    MICA_CHECK(++entry.owners == 1);
    entry.link.Next = reinterpret_cast<PSLIST_ENTRY>(16);  // nowhere
  }
  Entry* pop() noexcept {
    PSLIST_ENTRY const popped = InterlockedPopEntrySList(&list);
    if (popped == nullptr) return nullptr;
    Entry& entry = *CONTAINING_RECORD(popped, Entry, link);
    own(entry);
    return &entry;
  }
  void push(Entry& entry) noexcept {
    --entry.owners;
    InterlockedPushEntrySList(&list, &entry.link);
  }
  // Every entry is owned once or in the list.
  void account() noexcept {
    USHORT const depth = QueryDepthSList(&list);
    USHORT found = 0;
    while (pop() != nullptr) ++found;
    MICA_CHECK(found == depth);
    for (Entry const& entry : all) MICA_CHECK(entry.owners == 1);
  }
};

}  // namespace

MICA_EXPLORE("E1-slist-recycled", "E1: an entry that comes back while another pops is no other",
             .processors = 2, .loop_free = true, .bound = 2) {
  Entries entries;
  auto program = [&](unsigned number) {
    Entries::Entry* const first = entries.pop();
    MICA_CHECK(first != nullptr);
    if (number == 0) return;
    MICA_CHECK(entries.pop() != nullptr);
    if (first != nullptr) entries.push(*first);
  };
  run_together(window, {.count = 2}, program);
  MICA_CHECK(QueryDepthSList(&entries.list) == 1);
  entries.account();
}

MICA_EXPLORE("E1-slist-three", "E1: three that pop and push share the entries", .processors = 3,
             .bound = 1) {
  Entries entries;
  auto program = [&](unsigned) {
    Entries::Entry* const entry = entries.pop();
    MICA_CHECK(entry != nullptr);
    if (entry != nullptr) entries.push(*entry);
  };
  run_together(window, {.count = 3}, program);
  MICA_CHECK(QueryDepthSList(&entries.list) == 3);
  entries.account();
}

MICA_EXPLORE("E1-slist-flush", "E1: a flush takes whole what another pushes to and pops from",
             .processors = 2, .loop_free = true, .bound = 2) {
  Entries entries;
  auto program = [&](unsigned number) {
    if (number == 0) {
      Entries::Entry* const entry = entries.pop();
      if (entry != nullptr) entries.push(*entry);
      return;
    }
    PSLIST_ENTRY next = InterlockedFlushSList(&entries.list);
    while (next != nullptr) {
      PSLIST_ENTRY const entry = next;
      next = entry->Next;
      entries.own(*CONTAINING_RECORD(entry, Entries::Entry, link));
    }
  };
  run_together(window, {.count = 2}, program);
  entries.account();
}

MICA_EXPLORE("E1-slist-interrupted", "E1: who pops is interrupted by one who pops and pushes",
             .processors = 2, .bound = 2) {
  Entries entries;
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& shared = *static_cast<Entries*>(context);
        Entries::Entry* const first = shared.pop();
        MICA_CHECK(shared.pop() != nullptr);
        if (first != nullptr) shared.push(*first);
      },
      &entries);
  KeSetTargetProcessorDpc(&dpc, 0);
  auto program = [&](unsigned number) {
    if (number == 1) {
      KeInsertQueueDpc(&dpc, nullptr, nullptr);
      return;
    }
    Passive passive;
    MICA_CHECK(entries.pop() != nullptr);
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  KeFlushQueuedDpcs();
  entries.account();
}

MICA_EXPLORE("E1-lookaside", "E1: a block of a lookaside list has one owner", .processors = 2,
             .bound = 2) {
  NPAGED_LOOKASIDE_LIST list;
  constexpr ULONG tag = 0x6B6C'694D;  // Milk
  ExInitializeNPagedLookasideList(&list, nullptr, nullptr, 0, 32, tag, 0);
  list.L.Depth = 1;
  ExFreeToNPagedLookasideList(&list, ExAllocateFromNPagedLookasideList(&list));
  auto program = [&](unsigned number) {
    auto* const block = static_cast<unsigned*>(ExAllocateFromNPagedLookasideList(&list));
    MICA_CHECK(block != nullptr);
    if (block == nullptr) return;
    block[0] = number;
    point();
    MICA_CHECK(block[0] == number);
    ExFreeToNPagedLookasideList(&list, block);
  };
  run_together(window, {.count = 2}, program);
  MICA_CHECK(QueryDepthSList(&list.L.ListHead) >= 1);
  ExDeleteNPagedLookasideList(&list);
}

MICA_EXPLORE("E1-lookaside-lists", "E1: lookaside lists begin and end on their own",
             .processors = 2, .bound = 2) {
  NPAGED_LOOKASIDE_LIST lists[2];
  auto program = [&](unsigned number) {
    ExInitializeNPagedLookasideList(&lists[number], nullptr, nullptr, 0, 32, 1, 0);
    ExDeleteNPagedLookasideList(&lists[number]);
  };
  run_together(window, {.count = 2}, program);
}

MICA_EXPLORE("E1-interlocked", "E1: an interlocked list is shared with interrupt handlers",
             .processors = 2, .bound = 2) {
  struct Queue {
    KSPIN_LOCK lock;
    LIST_ENTRY list;
    LIST_ENTRY entries[3];
    ULONG added = 0;
  } queue;
  KeInitializeSpinLock(&queue.lock);
  queue.list.Flink = queue.list.Blink = &queue.list;
  ExInterlockedInsertTailList(&queue.list, &queue.entries[2], &queue.lock);
  KDPC dpc;
  KeInitializeDpc(
      &dpc,
      [](PKDPC, PVOID context, PVOID, PVOID) NTAPI {
        auto& shared = *static_cast<Queue*>(context);
        ExInterlockedInsertHeadList(&shared.list, &shared.entries[0], &shared.lock);
        ExInterlockedAddUlong(&shared.added, 1, &shared.lock);
      },
      &queue);
  KeSetTargetProcessorDpc(&dpc, 0);
  std::atomic<int> removed{0};
  auto program = [&](unsigned number) {
    if (number == 1) {
      KeInsertQueueDpc(&dpc, nullptr, nullptr);
      removed += ExInterlockedRemoveHeadList(&queue.list, &queue.lock) != nullptr;
      return;
    }
    Passive passive;
    ExInterlockedInsertTailList(&queue.list, &queue.entries[1], &queue.lock);
    ExInterlockedAddUlong(&queue.added, 1, &queue.lock);
  };
  run_together(window, {.count = 2, .leaves = true}, program);
  KeFlushQueuedDpcs();
  while (ExInterlockedRemoveHeadList(&queue.list, &queue.lock) != nullptr) ++removed;
  MICA_CHECK(removed == 3 && queue.added == 2);
}
