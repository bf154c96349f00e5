// KQUEUE.
//                                        [MSDN KeInsertQueue, KeRemoveQueue; WI7 part 2, chapter 8]
//   Its lock guards everything in it and the `queue` of its threads. Invariant: while it holds an
//   entry and a thread waits, MaximumCount threads work.
#include "ke/queue.hpp"

#include "ke/signaller.hpp"
#include "ke/verifier.hpp"
#include "ke/wait_internal.hpp"

namespace mica::ke {
namespace {

void work(KQUEUE& queue) noexcept {
  queue.CurrentCount = queue.CurrentCount + 1;
}

// The queue is locked; finish_wakes after the unlock.
void NTAPI rest(KQUEUE& queue, WakeList& wakes) noexcept {
  queue.CurrentCount = queue.CurrentCount - 1;
  wake_waiters(queue.Header, wakes);
}

// The queue that the thread belongs to, locked; null if it belongs to none. Then leave().
KQUEUE* NTAPI enter(Thread& thread) noexcept {
  // Who runs the queue down stores `released` before this: leave_queue() looks at that next.
  if (thread.queue.load(std::memory_order_acquire) == nullptr) return nullptr;
  thread.at_queue.store(1);
  if (KQUEUE* const queue = thread.queue.load()) {
    lock_object(queue->Header);
    if (thread.queue.load(std::memory_order_relaxed) == queue) return queue;
    unlock_object(queue->Header);
  }
  thread.at_queue.store(0, std::memory_order_release);
  return nullptr;
}

// Who runs the queue down has yet to take the lock.
void NTAPI leave(Thread& thread, KQUEUE& queue) noexcept {
  unlock_object(queue.Header);
  thread.at_queue.store(0, std::memory_order_relaxed);
}

PLIST_ENTRY NTAPI pop(KQUEUE& queue) noexcept {
  set_state(queue.Header, queue.Header.SignalState - 1);
  return list_pop_front(queue.EntryListHead);
}

}  // namespace

bool NTAPI has_entry_to_give(KQUEUE const& queue) noexcept {
  if (queue.Header.Abandoned != FALSE) return true;
  return queue.Header.SignalState > 0 && queue.CurrentCount < queue.MaximumCount;
}

NTSTATUS NTAPI give_entry(KQUEUE& queue, Thread& thread) noexcept {
  if (queue.Header.Abandoned != FALSE) return STATUS_ABANDONED;
  thread.given = pop(queue);
  work(queue);
  return STATUS_SUCCESS;
}

void NTAPI join_queue(Thread& thread, KQUEUE& queue) noexcept {
  if (thread.queue.load(std::memory_order_relaxed) != &queue) leave_queue(thread);
  ObjectGuard guard{queue.Header};
  if (queue.Header.Abandoned != FALSE) return;
  if (thread.queue.load(std::memory_order_relaxed) == &queue) {
    // Whom that lets in is this thread: it looks for an entry next.
    queue.CurrentCount = queue.CurrentCount - 1;
    return;
  }
  thread.queue.store(&queue, std::memory_order_relaxed);
  list_append(queue.ThreadListHead, thread.queue_link);
}

void NTAPI leave_queue(Thread& thread) noexcept {
  if (KQUEUE* const queue = enter(thread)) {
    WakeList wakes;
    thread.queue.store(nullptr, std::memory_order_relaxed);
    list_remove(thread.queue_link);
    rest(*queue, wakes);
    leave(thread, *queue);
    finish_wakes(wakes, 0);
  }
  do Machine::await(thread.released, 1u);
  while (thread.released.load(std::memory_order_acquire) != 0);
}

void NTAPI rest_from_queue(Thread& thread) noexcept {
  KQUEUE* const queue = enter(thread);
  if (queue == nullptr) return;
  WakeList wakes;
  rest(*queue, wakes);
  leave(thread, *queue);
  finish_wakes(wakes, 0);
}

void NTAPI return_to_queue(Thread& thread) noexcept {
  KQUEUE* const queue = enter(thread);
  if (queue == nullptr) return;
  work(*queue);
  leave(thread, *queue);
}

}  // namespace mica::ke

using namespace mica;
using namespace mica::ke;

namespace {

LONG NTAPI insert(KQUEUE& queue, LIST_ENTRY& entry, bool head) noexcept {
  return signal(queue.Header, 0, FALSE, [&](DISPATCHER_HEADER& header) {
    LONG const held = header.SignalState;
    if (head)
      list_prepend(queue.EntryListHead, entry);
    else
      list_append(queue.EntryListHead, entry);
    set_state(header, held + 1);
    return held;
  });
}

PLIST_ENTRY as_entry(NTSTATUS status) noexcept {
  return reinterpret_cast<PLIST_ENTRY>(static_cast<ULONG_PTR>(status));
}

// No thread belongs to the queue any more; those that did are in `threads`.
void NTAPI release_threads(KQUEUE& queue, LIST_ENTRY& threads) noexcept {
  while (LIST_ENTRY* const entry = list_pop_front(queue.ThreadListHead)) {
    Thread& thread = MICA_CONTAINING(*entry, Thread, queue_link);
    thread.released.store(1, std::memory_order_relaxed);
    thread.queue.store(nullptr);
    list_append(threads, *entry);
  }
  queue.CurrentCount = 0;
}

// Lets them go when they have noticed.
void NTAPI await_threads(LIST_ENTRY& threads) noexcept {
  while (LIST_ENTRY* const entry = list_pop_front(threads)) {
    Thread& thread = MICA_CONTAINING(*entry, Thread, queue_link);
    do Machine::await(thread.at_queue, 1u);
    while (thread.at_queue.load() != 0);
    thread.released.store(0, std::memory_order_release);
  }
}

// The queue's entries in a circle; null if there is none.
PLIST_ENTRY NTAPI detach_entries(KQUEUE& queue) noexcept {
  LIST_ENTRY& head = queue.EntryListHead;
  if (list_empty(head)) return nullptr;
  LIST_ENTRY* const first = head.Flink;
  first->Blink = head.Blink;
  head.Blink->Flink = first;
  list_initialize(head);
  set_state(queue.Header, 0);
  return first;
}

}  // namespace

void NTAPI KeInitializeQueue(PRKQUEUE Queue, ULONG Count) {
  initialize_header(Queue->Header, QueueObject, sizeof *Queue, 0);
  Queue->Header.Abandoned = FALSE;
  list_initialize(Queue->EntryListHead);
  list_initialize(Queue->ThreadListHead);
  Queue->CurrentCount = 0;
  Queue->MaximumCount = Count != 0 ? Count : KeQueryActiveProcessorCount(nullptr);
}

LONG NTAPI KeInsertQueue(PRKQUEUE Queue, PLIST_ENTRY Entry) {
  return insert(*Queue, *Entry, false);
}

LONG NTAPI KeInsertHeadQueue(PRKQUEUE Queue, PLIST_ENTRY Entry) {
  return insert(*Queue, *Entry, true);
}

ULONG NTAPI KeRemoveQueueEx(PKQUEUE Queue, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                            PLARGE_INTEGER Timeout, PLIST_ENTRY* EntryArray, ULONG Count) {
  PVOID object = Queue;
  NTSTATUS const status = wait({.objects = &object,
                                .blocks = current_thread().wait_blocks,
                                .count = 1,
                                .all = false,
                                .reason = WrQueue,
                                .mode = WaitMode,
                                .alertable = Alertable != FALSE,
                                .timeout = Timeout,
                                .queue = Queue,
                                .entry = EntryArray});
  if (status != STATUS_SUCCESS) EntryArray[0] = as_entry(status);
  if (status != STATUS_SUCCESS || Count == 1) return 1;
  RaiseToDispatch raised;
  ObjectGuard guard{Queue->Header};
  ULONG taken = 1;
  while (taken < Count && Queue->Header.SignalState > 0) EntryArray[taken++] = pop(*Queue);
  return taken;
}

PLIST_ENTRY NTAPI KeRemoveQueue(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode, PLARGE_INTEGER Timeout) {
  PLIST_ENTRY entry = nullptr;
  static_cast<void>(KeRemoveQueueEx(Queue, WaitMode, FALSE, Timeout, &entry, 1));
  return entry;
}

LONG NTAPI KeReadStateQueue(PRKQUEUE Queue) {
  return read_state(Queue->Header);
}

PLIST_ENTRY NTAPI KeRundownQueue(PRKQUEUE Queue) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, Queue);
  RaiseToDispatch raised;
  WakeList wakes;
  LIST_ENTRY threads;
  list_initialize(threads);
  lock_object(Queue->Header);
  Queue->Header.Abandoned = TRUE;
  PLIST_ENTRY const first = detach_entries(*Queue);
  release_threads(*Queue, threads);
  wake_waiters(Queue->Header, wakes);
  unlock_object(Queue->Header);
  await_threads(threads);
  finish_wakes(wakes, 0);
  return first;
}
