// Wait-all: every object at one instant, or none.
//   The blocks of a wait-all are sorted by the addresses of their objects, which is the order their
//   locks are taken in.
#include "ke/apc.hpp"
#include "ke/wait_internal.hpp"

namespace mica::ke {
namespace {

bool repeats(Thread const& thread, ULONG index) noexcept {
  return index > 0 && thread.active_blocks[index].Object == thread.active_blocks[index - 1].Object;
}

void lock_all(Thread& thread) noexcept {
  for (ULONG i = 0; i < thread.active_count; ++i)
    if (!repeats(thread, i)) lock_object(header_of(thread.active_blocks[i].Object));
}

void unlock_all(Thread& thread) noexcept {
  for (ULONG i = thread.active_count; i-- > 0;)
    if (!repeats(thread, i)) unlock_object(header_of(thread.active_blocks[i].Object));
}

bool all_signaled(Thread& thread) noexcept {
  for (ULONG i = 0; i < thread.active_count; ++i) {
    KWAIT_BLOCK const& block = thread.active_blocks[i];
    if (block.BlockState != pulsed && !is_signaled(header_of(block.Object), thread)) return false;
  }
  return true;
}

// A pulse of a synchronization event is for one waiter: the others no longer have it.
void NTAPI take_pulse(DISPATCHER_HEADER& header) noexcept {
  if (type_of(header) != EventSynchronizationObject) return;
  for (LIST_ENTRY* entry = header.WaitListHead.Flink; entry != &header.WaitListHead;
       entry = entry->Flink)
    MICA_CONTAINING(*entry, KWAIT_BLOCK, WaitListEntry).BlockState = 0;
}

NTSTATUS NTAPI take(KWAIT_BLOCK& block, Thread& thread) noexcept {
  DISPATCHER_HEADER& header = header_of(block.Object);
  if (is_signaled(header, thread)) return consume(header, thread);
  take_pulse(header);
  return STATUS_SUCCESS;
}

// A pulse that did not help is over.
void NTAPI forget_pulses(Thread& thread) noexcept {
  for (ULONG i = 0; i < thread.active_count; ++i) thread.active_blocks[i].BlockState = 0;
}

// The status that flags ask for: a reason that came while the wait was evaluated. STATUS_SUCCESS:
// none. Who queues an APC later asks for another look in that word.
NTSTATUS reason_of(Thread const& thread, std::uint32_t word) noexcept {
  if (std::uint32_t const apcs = queued_kinds(thread) & word & wait_word::any_apc; apcs != 0)
    return apc_status(apcs);
  constexpr std::uint32_t alert = wait_word::alertable | wait_word::alerted;
  if ((word & alert) == alert) return STATUS_ALERTED;
  if ((word & wait_word::timeout) != 0) return STATUS_TIMEOUT;
  return STATUS_SUCCESS;
}

}  // namespace

NTSTATUS NTAPI take_all(Thread& thread, bool& taken) noexcept {
  lock_all(thread);
  taken = all_signaled(thread);
  NTSTATUS status = STATUS_SUCCESS;
  for (ULONG i = 0; taken && i < thread.active_count; ++i) {
    if (repeats(thread, i)) continue;
    if (take(thread.active_blocks[i], thread) == STATUS_ABANDONED) status = STATUS_ABANDONED;
  }
  if (taken)
    finish(thread, status);
  else
    forget_pulses(thread);
  unlock_all(thread);
  return status;
}

bool NTAPI evaluate(Thread& thread) noexcept {
  for (;;) {
    std::uint32_t const seen = thread.wait.fetch_and(~wait_word::recheck);
    MICA_ASSERT(wait_word::state(seen) == wait_word::evaluating);
    if (NTSTATUS const reason = reason_of(thread, seen); reason != STATUS_SUCCESS) {
      if (reason == STATUS_ALERTED) thread.wait.fetch_and(~wait_word::alerted);
      finish(thread, reason);
      return true;
    }
    bool taken = false;
    static_cast<void>(take_all(thread, taken));
    if (taken) return true;
    std::uint32_t expected = seen & ~wait_word::recheck;
    std::uint32_t const waiting =
        wait_word::with_state(expected & ~wait_word::begins, wait_word::waiting);
    if (thread.wait.compare_exchange_strong(expected, waiting)) return false;
  }
}

}  // namespace mica::ke
