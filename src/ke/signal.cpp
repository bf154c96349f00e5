// The signaller's side of the wait protocol.
#include "ke/queue.hpp"
#include "ke/scheduler.hpp"
#include "ke/wait_internal.hpp"

namespace mica::ke {

bool NTAPI is_signaled(DISPATCHER_HEADER& header, Thread const& thread) noexcept {
  UCHAR const type = type_of(header);
  if (type == QueueObject) [[unlikely]]
    return has_entry_to_give(queue_of(header));
  if (header.SignalState > 0) return true;
  return type == MutantObject && reinterpret_cast<KMUTANT&>(header).OwnerThread == &thread;
}

namespace {

NTSTATUS own(KMUTANT& mutant, Thread& thread) noexcept {
  set_state(mutant.Header, mutant.Header.SignalState - 1);
  if (mutant.Header.SignalState != 0) return STATUS_SUCCESS;  // a recursive acquisition
  mutant.OwnerThread = &thread;
  thread.kernel_apc_disable = static_cast<SHORT>(thread.kernel_apc_disable - mutant.ApcDisable);
  list_append(thread.mutants, mutant.MutantListEntry);
  if (!mutant.Abandoned) return STATUS_SUCCESS;
  mutant.Abandoned = FALSE;
  return STATUS_ABANDONED;
}

}  // namespace

NTSTATUS NTAPI consume(DISPATCHER_HEADER& header, Thread& thread) noexcept {
  switch (type_of(header)) {
    case EventSynchronizationObject:
    case TimerSynchronizationObject:
      set_state(header, 0);
      return STATUS_SUCCESS;
    case SemaphoreObject:
      set_state(header, header.SignalState - 1);
      return STATUS_SUCCESS;
    case MutantObject:
      return own(reinterpret_cast<KMUTANT&>(header), thread);
    case QueueObject:
      return give_entry(queue_of(header), thread);
    default:
      return STATUS_SUCCESS;  // notification events and timers, threads: they stay signalled
  }
}

wait_word::State NTAPI claim(Thread& thread, NTSTATUS status) noexcept {
  std::uint32_t seen = thread.wait.load();
  for (;;) {
    auto const state = wait_word::state(seen);
    if (state == wait_word::claimed) return state;
    std::uint32_t const next =
        state == wait_word::evaluating ? seen | wait_word::timeout : wait_word::claim(seen, status);
    if (thread.wait.compare_exchange_weak(seen, next)) return state;
  }
}

void NTAPI finish(Thread& thread, NTSTATUS status) noexcept {
  std::uint32_t seen = thread.wait.load();
  while (!thread.wait.compare_exchange_weak(seen, wait_word::claim(seen, status))) {
  }
}

namespace {

// Pins an all-waiter so that its wait can be evaluated after the object's unlock. Its wait word
// before: only for one that waited is something left to do. One that commits will look by itself,
// and somebody who evaluates one was told to look again. The lock of the object, held here and by
// whoever evaluates, orders the rest.
std::uint32_t NTAPI pin(Thread& thread) noexcept {
  std::uint32_t seen = thread.wait.load();
  for (;;) {
    auto const state = wait_word::state(seen);
    if (state != wait_word::waiting && state != wait_word::evaluating) return seen;
    std::uint32_t const next = state == wait_word::waiting
                                   ? wait_word::with_state(seen, wait_word::evaluating)
                                   : seen | wait_word::recheck;
    if (thread.wait.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return seen;
  }
}

// The object is signalled for that waiter: it takes it, unless its wait has ended.
void NTAPI wake_any_waiter(DISPATCHER_HEADER& header, KWAIT_BLOCK& block,
                           WakeList& wakes) noexcept {
  Thread& thread = *block.Thread;
  auto const before = claim(thread, block.WaitKey);
  if (before == wait_word::claimed) return;
  list_remove(block.WaitListEntry);
  // The status of an abandoned mutant is added before the thread can look: it has yet to run, or
  // to take this lock.
  if (consume(header, thread) == STATUS_ABANDONED)
    finish(thread, STATUS_ABANDONED_WAIT_0 + block.WaitKey);
  if (before == wait_word::waiting) list_append(wakes.woken, thread.queue_entry);
}

void NTAPI wake_any_waiters(DISPATCHER_HEADER& header, WakeList& wakes) noexcept {
  LIST_ENTRY* next = header.WaitListHead.Flink;
  while (next != &header.WaitListHead && header.SignalState > 0) {
    KWAIT_BLOCK& block = MICA_CONTAINING(*next, KWAIT_BLOCK, WaitListEntry);
    next = next->Flink;
    if (block.WaitType == WaitAny) wake_any_waiter(header, block, wakes);
  }
}

// Who began to wait last is the first to go on: what it worked with is still in the caches.
void NTAPI wake_queue_waiters(KQUEUE& queue, WakeList& wakes) noexcept {
  LIST_ENTRY& head = queue.Header.WaitListHead;
  LIST_ENTRY* next = head.Blink;
  while (next != &head && has_entry_to_give(queue)) {
    KWAIT_BLOCK& block = MICA_CONTAINING(*next, KWAIT_BLOCK, WaitListEntry);
    next = next->Blink;
    wake_any_waiter(queue.Header, block, wakes);
  }
}

// Every any-waiter that is still in the list has been claimed, or has timed out: there is nothing
// to pin.
void pin_all_waiters(DISPATCHER_HEADER& header, WakeList& wakes) noexcept {
  for (LIST_ENTRY* entry = header.WaitListHead.Flink; entry != &header.WaitListHead;
       entry = entry->Flink) {
    Thread& thread = *MICA_CONTAINING(*entry, KWAIT_BLOCK, WaitListEntry).Thread;
    if (wait_word::state(pin(thread)) == wait_word::waiting)
      list_append(wakes.pinned, thread.queue_entry);
  }
}

// The wait of one that has yet to sleep begins after the pulse.
void NTAPI pulse_all_waiters(DISPATCHER_HEADER& header, WakeList& wakes) noexcept {
  for (LIST_ENTRY* entry = header.WaitListHead.Flink; entry != &header.WaitListHead;
       entry = entry->Flink) {
    KWAIT_BLOCK& block = MICA_CONTAINING(*entry, KWAIT_BLOCK, WaitListEntry);
    Thread& thread = *block.Thread;
    std::uint32_t const before = pin(thread);
    auto const state = wait_word::state(before);
    bool const evaluated = state == wait_word::evaluating && (before & wait_word::begins) == 0;
    if (state == wait_word::waiting) list_append(wakes.pinned, thread.queue_entry);
    if (state == wait_word::waiting || evaluated) block.BlockState = pulsed;
  }
}

}  // namespace

void NTAPI wake_waiters(DISPATCHER_HEADER& header, WakeList& wakes) noexcept {
  if (type_of(header) == QueueObject) return wake_queue_waiters(queue_of(header), wakes);
  wake_any_waiters(header, wakes);
  if (header.SignalState > 0) pin_all_waiters(header, wakes);
}

void NTAPI pulse_waiters(DISPATCHER_HEADER& header, WakeList& wakes) noexcept {
  set_state(header, 1);
  wake_any_waiters(header, wakes);
  if (header.SignalState > 0) pulse_all_waiters(header, wakes);
  set_state(header, 0);
}

void NTAPI finish_wakes(WakeList& wakes, KPRIORITY increment) noexcept {
  while (LIST_ENTRY* const entry = list_pop_front(wakes.pinned)) {
    Thread& thread = MICA_CONTAINING(*entry, Thread, queue_entry);
    if (evaluate(thread)) wake(thread, increment);
  }
  while (LIST_ENTRY* const entry = list_pop_front(wakes.woken))
    wake(MICA_CONTAINING(*entry, Thread, queue_entry), increment);
}

void NTAPI time_out(Thread& thread) noexcept {
  if (claim(thread, STATUS_TIMEOUT) == wait_word::waiting) wake(thread, 0);
}

}  // namespace mica::ke
