// Rules for APCs
//   A thread has two environments with queues: its own, and that of the process it is attached to
//   (attach.cpp). What is said here of its queue is said of the environment it is in; the other
//   one's APCs wait until it is back there.
//   A queue belongs to its thread: anybody fills it, under its lock; only the thread itself runs
//   what is in it, at APC_LEVEL. `queued_apcs` says which kinds are there, and is read without the
//   lock by the thread where it is about to let them in.
//   Who queues a kernel APC then ends a wait that lets it in, or interrupts the processor that runs
//   the thread; a thread that does neither looks when it runs again (epilogue). Invariant A1.
#pragma once

#include "base/list.hpp"
#include "ke/thread.hpp"

namespace mica::ke {

// The kernel APCs that the calling thread lets in when its level is `level`: bits of wait_word.
[[nodiscard]] std::uint32_t NTAPI permitted_apcs(Thread const& thread, KIRQL level) noexcept;

// Handlers::apc: runs the kernel APCs that may run.
void NTAPI apc_interrupt() noexcept;

// The calling thread left a region, or a mutex: what that held back runs, at once if the level
// allows it.
void NTAPI let_apcs_in(Thread& thread) noexcept;

// The calling thread ends: runs its kernel APCs and runs its user APCs down; nothing more is
// queued. PASSIVE_LEVEL.
void NTAPI stop_apcs(Thread& thread) noexcept;

[[nodiscard]] inline KAPC& apc_of(LIST_ENTRY& entry) noexcept {
  return MICA_CONTAINING(entry, KAPC, ApcListEntry);
}

// What is queued, for the thread itself, for who evaluates its wait, and under the lock: who queues
// something after that tells the first two.
[[nodiscard]] inline std::uint32_t queued_kinds(Thread const& thread) noexcept {
  return thread.queued_apcs.load(std::memory_order_relaxed);
}

// Whether kernel APCs are queued to the calling thread: asked when its processor was interrupted
// for them, and when it is switched to.
[[nodiscard]] inline bool has_kernel_apcs(Thread const& thread) noexcept {
  return (queued_kinds(thread) & wait_word::kernel_apc) != 0;
}

// The thread's own, or whoever holds the lock of its queues.
[[nodiscard]] inline KAPC_STATE& environment_of(Thread& thread) noexcept {
  return thread.apc_states[thread.apc_index];
}
[[nodiscard]] inline KAPC_STATE const& environment_of(Thread const& thread) noexcept {
  return thread.apc_states[thread.apc_index];
}

// The calling thread is in another process than it may be, or goes to one from where it must not.
[[noreturn]] void NTAPI bad_attachment(Thread const& thread, Process* target) noexcept;

enum class Queued : std::uint8_t { now, before, refused };
// KeInsertQueueApc: whether it was queued before, or is refused.
Queued NTAPI queue_apc(KAPC& apc, PVOID first, PVOID second, KPRIORITY increment) noexcept;

// What is queued, as `queued_apcs` says it. The queue's lock is held.
void NTAPI recount_apcs(Thread& thread) noexcept MICA_REQUIRES(thread.apc_lock);

}  // namespace mica::ke
