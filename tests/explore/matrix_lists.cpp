// Every two operations on lists, queues and callback objects that can meet on one.
//   E1, E3, Q1, V1: what is put in is taken out once or is left, a request is worked on alone, and
//   who was taken back is not called.
#include <nt/ex.h>
#include <nt/rtl/list.h>

#include "conformance/ob_support.hpp"
#include "matrix.hpp"

using namespace mica::explore;

namespace {

constexpr ULONG tag = 'rtaM';

// What one of the two puts in.
struct Mine {
  SLIST_ENTRY stacked{};
  LIST_ENTRY listed{}, queued{};
  KDEVICE_QUEUE_ENTRY request{};
  int heard = 0;  // plain: nobody calls back once that was taken back
};

struct Things {
  SLIST_HEADER stack;
  LIST_ENTRY list;
  KSPIN_LOCK list_lock;
  KQUEUE queue;
  KDEVICE_QUEUE device;
  NPAGED_LOOKASIDE_LIST lookaside;
  PCALLBACK_OBJECT callback = nullptr;
  Mine mine[2];
  std::atomic<int> stacked{0}, listed{0}, queued{0}, working{0};

  Things() noexcept {
    InitializeSListHead(&stack);
    InitializeListHead(&list);
    KeInitializeSpinLock(&list_lock);
    KeInitializeQueue(&queue, 1);
    KeInitializeDeviceQueue(&device);
    ExInitializeNPagedLookasideList(&lookaside, nullptr, nullptr, 0, 64, tag, 0);
    mica::test::Attributes attributes{u"\\Callback\\Crossed"};
    MICA_CHECK(ExCreateCallback(&callback, attributes, TRUE, TRUE) == STATUS_SUCCESS);
  }
  void begins() noexcept {}
  // The number of who asks: each stays on its processor.
  [[nodiscard]] Mine& own() noexcept { return mine[KeGetCurrentProcessorNumber()]; }
  void ends() noexcept {
    MICA_CHECK(QueryDepthSList(&stack) == stacked);
    int left = 0;
    while (InterlockedPopEntrySList(&stack) != nullptr) ++left;
    MICA_CHECK(left == stacked);
    for (left = 0; !IsListEmpty(&list); ++left) RemoveHeadList(&list);
    MICA_CHECK(left == listed);
    MICA_CHECK(KeReadStateQueue(&queue) == queued);
    MICA_CHECK(queue.Header.WaitListHead.Flink == &queue.Header.WaitListHead);
    KeRundownQueue(&queue);
    MICA_CHECK(!device.Busy);
    ExDeleteNPagedLookasideList(&lookaside);
    ObDereferenceObject(callback);
  }
};

void push(Things& things) noexcept {
  ++things.stacked;
  InterlockedPushEntrySList(&things.stack, &things.own().stacked);
}

void pop(Things& things) noexcept {
  if (InterlockedPopEntrySList(&things.stack) != nullptr) --things.stacked;
}

void flush(Things& things) noexcept {
  for (PSLIST_ENTRY entry = InterlockedFlushSList(&things.stack); entry; entry = entry->Next)
    --things.stacked;
}

template <auto insert>
void link(Things& things) noexcept {
  ++things.listed;
  insert(&things.list, &things.own().listed, &things.list_lock);
}

void unlink(Things& things) noexcept {
  if (ExInterlockedRemoveHeadList(&things.list, &things.list_lock) != nullptr) --things.listed;
}

template <auto insert>
void enqueue(Things& things) noexcept {
  ++things.queued;
  insert(&things.queue, &things.own().queued);
}

template <LONGLONG duration_100ns>
void dequeue(Things& things) noexcept {
  LARGE_INTEGER timeout = relative(duration_100ns);
  PLIST_ENTRY const entry = KeRemoveQueue(&things.queue, KernelMode, &timeout);
  if (entry == &things.mine[0].queued || entry == &things.mine[1].queued)
    --things.queued;
  else
    MICA_CHECK(static_cast<NTSTATUS>(reinterpret_cast<ULONG_PTR>(entry)) == STATUS_TIMEOUT);
}

// Until nobody asks any more.
void work_on_requests(Things& things) noexcept {
  do MICA_CHECK(++things.working == 1 && --things.working == 0);
  while (KeRemoveDeviceQueue(&things.device) != nullptr);
}

void request(Things& things) noexcept {
  if (!KeInsertDeviceQueue(&things.device, &things.own().request)) work_on_requests(things);
}

void request_by_key(Things& things) noexcept {
  if (!KeInsertByKeyDeviceQueue(&things.device, &things.own().request, 1)) work_on_requests(things);
}

void take_back_request(Things& things) noexcept {
  for (Mine& each : things.mine) KeRemoveEntryDeviceQueue(&things.device, &each.request);
}

void allocate(Things& things) noexcept {
  PVOID const block = ExAllocateFromNPagedLookasideList(&things.lookaside);
  MICA_CHECK(block != nullptr);
  *static_cast<int*>(block) = 1;
  ExFreeToNPagedLookasideList(&things.lookaside, block);
}

void listen(Things& things) noexcept {
  Mine& own = things.own();
  PVOID const registration = ExRegisterCallback(
      things.callback, [](PVOID mine, PVOID, PVOID) NTAPI { ++static_cast<Mine*>(mine)->heard; },
      &own);
  MICA_CHECK(registration != nullptr);
  ExUnregisterCallback(registration);
  own.heard = 0;
}

void tell(Things& things) noexcept {
  ExNotifyCallback(things.callback, nullptr, nullptr);
}

constexpr Operation<Things> operations[] = {
    {"push", push},
    {"pop", pop},
    {"flush-stack", flush},
    {"link-head", link<ExInterlockedInsertHeadList>},
    {"link-tail", link<ExInterlockedInsertTailList>},
    {"unlink", unlink},
    {"enqueue", enqueue<KeInsertQueue>},
    {"enqueue-head", enqueue<KeInsertHeadQueue>},
    {"dequeue", dequeue<1>},
    {"dequeue-poll", dequeue<0>},
    {"request", request},
    {"request-by-key", request_by_key},
    {"take-back", take_back_request},
    {"lookaside", allocate},
    {"listen", listen},
    {"tell", tell},
};

}  // namespace

TEST_CASE("Matrix: any two operations on lists, queues and callbacks may meet",
          "[explore][matrix]") {
  cross(operations);
}
