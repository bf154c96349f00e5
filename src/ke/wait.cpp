// The waiter's side of the wait protocol.
#include "ke/wait_internal.hpp"

#include <optional>
#include <utility>

#include "ke/apc.hpp"
#include "ke/queue.hpp"
#include "ke/scheduler.hpp"
#include "ke/verifier.hpp"

namespace mica::ke {
namespace {

bool is_zero(LARGE_INTEGER const* timeout) noexcept {
  return timeout != nullptr && timeout->QuadPart == 0;
}

void prepare_block(KWAIT_BLOCK& block, Thread& thread, PVOID object, ULONG index,
                   bool all) noexcept {
  block.WaitType = static_cast<UCHAR>(all ? WaitAll : WaitAny);
  block.WaitKey = static_cast<USHORT>(index);
  block.BlockState = 0;
  block.Thread = &thread;
  block.Object = object;
}

void sort_by_object(KWAIT_BLOCK* blocks, ULONG count) noexcept {
  for (ULONG i = 1; i < count; ++i)
    for (ULONG j = i; j > 0 && as_parameter(blocks[j].Object) < as_parameter(blocks[j - 1].Object);
         --j)
      std::swap(blocks[j], blocks[j - 1]);
}

void prepare(Thread& thread, WaitRequest const& request) noexcept MICA_REQUIRES(at_dispatch) {
  thread.active_blocks = request.blocks;
  thread.active_count = request.count;
  thread.wait_reason = request.reason;
  thread.wait_mode = request.mode;
  if (request.queue != nullptr) join_queue(thread, *request.queue);
  for (ULONG i = 0; i < request.count; ++i)
    prepare_block(request.blocks[i], thread, request.objects[i], i, request.all);
  if (request.all) sort_by_object(request.blocks, request.count);
}

// Takes the first signalled object of a wait-any, if there is one: STATUS_TIMEOUT if not.
NTSTATUS try_any(Thread& thread) noexcept {
  for (ULONG i = 0; i < thread.active_count; ++i) {
    DISPATCHER_HEADER& header = header_of(thread.active_blocks[i].Object);
    ObjectGuard guard{header};
    if (!is_signaled(header, thread)) continue;
    if (header.SignalState == MINLONG) return STATUS_MUTANT_LIMIT_EXCEEDED;
    auto const index = static_cast<NTSTATUS>(i);
    return consume(header, thread) == STATUS_ABANDONED ? STATUS_ABANDONED_WAIT_0 + index
                                                       : STATUS_WAIT_0 + index;
  }
  return STATUS_TIMEOUT;
}

NTSTATUS try_all(Thread& thread) noexcept {
  bool taken = false;
  NTSTATUS const status = take_all(thread, taken);
  return taken ? status : STATUS_TIMEOUT;
}

// Links the blocks of a wait-any until an object is found signalled or the wait is ended from
// outside. How many blocks were linked; a block whose object claimed the wait was unlinked again
// by the claimer.
ULONG link_any(Thread& thread) noexcept {
  for (ULONG i = 0; i < thread.active_count; ++i) {
    KWAIT_BLOCK& block = thread.active_blocks[i];
    DISPATCHER_HEADER& header = header_of(block.Object);
    ObjectGuard guard{header};
    if (!is_signaled(header, thread)) {
      list_append(header.WaitListHead, block.WaitListEntry);
      continue;
    }
    auto const index = static_cast<NTSTATUS>(i);
    if (claim(thread, STATUS_WAIT_0 + index) != wait_word::claimed &&
        consume(header, thread) == STATUS_ABANDONED)
      finish(thread, STATUS_ABANDONED_WAIT_0 + index);
    return i;
  }
  return thread.active_count;
}

ULONG link_all(Thread& thread) noexcept {
  for (ULONG i = 0; i < thread.active_count; ++i) {
    KWAIT_BLOCK& block = thread.active_blocks[i];
    DISPATCHER_HEADER& header = header_of(block.Object);
    ObjectGuard guard{header};
    list_append(header.WaitListHead, block.WaitListEntry);
  }
  return thread.active_count;
}

void unlink(Thread& thread, ULONG linked) noexcept {
  for (ULONG i = 0; i < linked; ++i) {
    KWAIT_BLOCK& block = thread.active_blocks[i];
    ObjectGuard guard{header_of(block.Object)};
    if (block.WaitListEntry.Flink != nullptr) list_remove(block.WaitListEntry);
  }
}

// False: an alert was left, and ends the wait before it begins.
bool begin_commit(Thread& thread, bool alertable, std::uint32_t apcs) noexcept {
  std::uint32_t seen = thread.wait.load();
  for (;;) {
    std::uint32_t const left = seen & wait_word::alerted;
    bool const ends = alertable && left != 0;
    std::uint32_t const flags = apcs | (alertable ? wait_word::alertable : left);
    std::uint32_t const next = wait_word::with_state(flags, wait_word::committing);
    if (thread.wait.compare_exchange_weak(seen, ends ? wait_word::idle : next)) return !ends;
  }
}

// False: the wait has ended already.
bool end_commit(Thread& thread, std::uint32_t next) noexcept {
  std::uint32_t seen = thread.wait.load();
  while (wait_word::state(seen) == wait_word::committing)
    if (thread.wait.compare_exchange_weak(seen, (seen & ~wait_word::state_mask) | next))
      return true;
  return false;
}

// Commits the wait: sleeps unless it has ended already. Whether it slept.
bool commit(Thread& thread, WaitRequest const& request) noexcept MICA_REQUIRES(at_dispatch) {
  // Told before the commit: from then on a waker must find that queueing is left to the epilogue.
  // When the wait has ended there is no waker, and nobody looks.
  thread.run.store(Run::switching);
  bool const all = request.all;
  bool sleeps = end_commit(
      thread, all ? wait_word::evaluating | wait_word::begins : std::uint32_t{wait_word::waiting});
  if (sleeps && all) sleeps = !evaluate(thread);
  if (sleeps) block(After::park);
  return sleeps;
}

NTSTATUS wait_slowly(Thread& thread, WaitRequest const& request, std::optional<Due> const& due,
                     std::uint32_t apcs) noexcept MICA_REQUIRES(at_dispatch) {
  if (!begin_commit(thread, request.alertable, apcs)) return STATUS_ALERTED;
  // Who queues an APC looks at the wait word after that; this looks at the queue after the wait
  // word says what it lets in.
  if (std::uint32_t const queued = thread.queued_apcs.load() & apcs; queued != 0) {
    static_cast<void>(claim(thread, apc_status(queued)));
    return wait_word::status(thread.wait.load());
  }
  ULONG const linked = request.all ? link_all(thread) : link_any(thread);
  if (due) arm_timeout(thread, *due);
  // Before the commit, and no lock is held: whom that lets work is woken like any other.
  bool const rests =
      request.queue == nullptr && thread.queue.load(std::memory_order_relaxed) != nullptr;
  if (rests) rest_from_queue(thread);
  bool const slept = commit(thread, request);
  NTSTATUS const status = wait_word::status(thread.wait.load());
  // An object that woke the thread unlinked its block and is unlocked: for a wait on one object
  // there is nothing left to unlink. One that claimed the wait before it slept may still be locked,
  // and must not be gone before its signaller is.
  bool const alone =
      slept && request.count == 1 && !request.all && status < wait_word::first_other_status;
  if (!alone) unlink(thread, linked);
  if (due) disarm_timeout(thread);
  if (rests) return_to_queue(thread);
  // Looked at once more: that a mutant was abandoned is added under its lock.
  return wait_word::status(thread.wait.load());
}

}  // namespace

KIRQL NTAPI begin_wait(LARGE_INTEGER const* timeout, PVOID object) noexcept {
  KIRQL const level = Machine::irql();
  Thread& thread = current_thread();
  if (level == DISPATCH_LEVEL && thread.wait_next) {
    thread.wait_next = false;
    return thread.wait_irql;
  }
  if (level > DISPATCH_LEVEL || (level == DISPATCH_LEVEL && !is_zero(timeout)))
    violation(Rule::wait_level, level, as_parameter(object), as_parameter(timeout));
  return Machine::raise(DISPATCH_LEVEL);
}

NTSTATUS NTAPI wait(WaitRequest const& request) noexcept {
  void* const caller = __builtin_return_address(0);
  KIRQL const old = begin_wait(request.timeout, request.count > 0 ? request.objects[0] : nullptr);
  at_dispatch.assert_held();
  Thread& thread = current_thread();
  std::optional<Due> due;
  NTSTATUS status;
  for (;;) {
    prepare(thread, request);
    status = request.all ? try_all(thread) : try_any(thread);
    if (status != STATUS_TIMEOUT || is_zero(request.timeout)) break;
    // It goes on when the wait does; the wheel moves an absolute one if the clock is set meanwhile.
    if (request.timeout != nullptr && !due) due = due_of(*request.timeout);
    std::uint32_t const user = request.alertable ? wait_word::user_apc : 0;
    status = wait_slowly(thread, request, due, permitted_apcs(thread, old) | user);
    if (status != STATUS_KERNEL_APC) break;
    // It runs as the level falls, and may itself wait; then the same wait goes on.
    if (request.queue != nullptr) return_to_queue(thread);
    Machine::request_apc();
    Machine::lower(old);
    Machine::raise(DISPATCH_LEVEL);
  }
  if (request.queue != nullptr) {
    if (status == STATUS_SUCCESS)
      *request.entry = thread.given;
    else
      return_to_queue(thread);
  }
  Machine::lower(old);
  if (status == STATUS_MUTANT_LIMIT_EXCEEDED) raise_status(status, caller);
  return status;
}

}  // namespace mica::ke

using namespace mica;

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                      PLARGE_INTEGER Interval) {
  NTSTATUS const status = ke::wait({.objects = nullptr,
                                    .blocks = nullptr,
                                    .count = 0,
                                    .all = false,
                                    .reason = DelayExecution,
                                    .mode = WaitMode,
                                    .alertable = Alertable != FALSE,
                                    .timeout = Interval});
  return status == STATUS_TIMEOUT ? STATUS_SUCCESS : status;
}
