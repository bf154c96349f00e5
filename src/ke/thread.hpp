// The kernel's part of a thread.
//   Memory and stack belong to whoever made the thread (ps); ke allocates nothing. Zero-filled
//   memory plus initialize_thread() is a thread. It may go once its object is signalled and
//   `thread_ended` was called for it.
#pragma once

#include <nt/ke.h>

#include <atomic>
#include <cstdint>

#include "ke/spin_lock.hpp"

namespace mica::ke {

// Who may put a thread in a queue: the hand-off between a wake and a context switch.
enum class Run : std::uint8_t {
  running,    // it has not waited, or found its wait ended before it slept
  switching,  // it is about to save its context; who wakes it now leaves queueing to its epilogue
  parked,     // its context is saved; whoever wakes it queues it
  woken,      // it was woken: it is queued, or runs, or is about to
};

// Where a thread stands in the scheduler: written under the ready lock of the processor that it
// names, after that name. Who holds the lock of a processor and reads this, then that name, knows
// where a thread stands that is still there; what is about to go to another processor is not.
enum class Scheduling : std::uint8_t { none, ready, standby, running };

// The wait word: a state, flags, and for `claimed` the status the wait ends with in the upper half.
// A thread is idle until its first wait; after it, it stays claimed until the next.
namespace wait_word {
enum State : std::uint32_t { idle, committing, waiting, evaluating, claimed };
inline constexpr std::uint32_t state_mask = 7;
inline constexpr std::uint32_t recheck = 8;   // evaluating: an object changed, look again
inline constexpr std::uint32_t timeout = 16;  // evaluating: the time is over
// Committing, waiting, evaluating: an alert may end it.
inline constexpr std::uint32_t alertable = 32;
// An alert is left: whoever changes the word keeps it, until it ends an alertable wait.
inline constexpr std::uint32_t alerted = 64;
// Committing, waiting, evaluating: APCs of this kind may end it. Also what queued_apcs says.
inline constexpr std::uint32_t special_apc = 128;
inline constexpr std::uint32_t normal_apc = 256;
inline constexpr std::uint32_t user_apc = 512;
inline constexpr std::uint32_t kernel_apc = special_apc | normal_apc;
inline constexpr std::uint32_t any_apc = kernel_apc | user_apc;
// Evaluating: by the thread itself, before it sleeps for the first time.
inline constexpr std::uint32_t begins = 1024;
[[nodiscard]] constexpr State state(std::uint32_t word) noexcept {
  return static_cast<State>(word & state_mask);
}
[[nodiscard]] constexpr std::uint32_t with_state(std::uint32_t word, State state) noexcept {
  return (word & ~state_mask) | static_cast<std::uint32_t>(state);
}
[[nodiscard]] constexpr std::uint32_t claim(std::uint32_t word, NTSTATUS status) noexcept {
  return (word & alerted) | static_cast<std::uint32_t>(claimed) |
         static_cast<std::uint32_t>(status) << 16;
}
// What objects end waits with, abandoned ones too, is less; timeouts, alerts and APCs are not.
inline constexpr NTSTATUS first_other_status = STATUS_USER_APC;
static_assert(STATUS_ABANDONED_WAIT_63 < first_other_status);
[[nodiscard]] constexpr NTSTATUS status(std::uint32_t word) noexcept {
  return static_cast<NTSTATUS>(word >> 16);
}
}  // namespace wait_word

inline constexpr KPRIORITY idle_priority = -1;  // below every thread that does something
inline constexpr KPRIORITY lowest_realtime = 16;
inline constexpr KPRIORITY highest_priority = 31;
inline constexpr ULONG priority_levels = 32;
inline constexpr ULONG built_in_wait_blocks = 3;  // THREAD_WAIT_OBJECTS

struct Boundary;
struct Processor;
using Process = _KPROCESS;

}  // namespace mica::ke

// One cell a thread, named by nobody outside the executive: drivers hold PKTHREAD as an opaque
// pointer.
struct _KTHREAD {
  DISPATCHER_HEADER Header;  // signalled for good when the thread has ended

  // Read by the code that imports lead through, which knows where these stand
  // (ldr/import_stub.h).
  mica::ke::Boundary* boundaries;  // its innermost (ke/boundary.hpp)
  // Critical regions, negated: its own thread's, or its waker's while it is still.
  SHORT kernel_apc_disable;
  SHORT special_apc_disable;  // guarded regions, negated
  // The stack that it stands on: the one that it began on, or what that was expanded with
  // (mm/expand_stack.cpp). Its own; changed at HIGH_LEVEL, because interrupt handlers look at it.
  mica::hal::Stack stack_in_use;

  // Hand-off and wait.
  mica::Machine::Context context;
  std::atomic<std::uint32_t> wait;
  std::atomic<mica::ke::Run> run;
  // In a ready queue; on a waker's list while its claim keeps the thread still.
  LIST_ENTRY queue_entry;
  KWAIT_BLOCK wait_blocks[mica::ke::built_in_wait_blocks];
  KWAIT_BLOCK* active_blocks;  // of the current wait
  ULONG active_count;
  bool wait_next;   // a signal with Wait = TRUE left IRQL raised for the next wait
  KIRQL wait_irql;  // what that wait lowers to
  KPROCESSOR_MODE wait_mode;
  KPROCESSOR_MODE previous_mode;  // ExGetPreviousMode: its own
  KWAIT_REASON wait_reason;
  KTIMER timeout;  // armed for the current wait: in the wheel, never signalled

  // Scheduling.
  std::atomic<KPRIORITY> priority;
  std::atomic<KPRIORITY> base_priority;
  KPRIORITY queued_priority;  // which ready list it stands in; guarded by that ready lock
  std::atomic<mica::ke::Scheduling> scheduling;
  std::atomic<ULONG> processor;        // where it runs, is queued, or ran last
  std::atomic<ULONG> ideal_processor;  // a hint: nothing else depends on it
  std::atomic<KAFFINITY> affinity;     // changed under the lock
  KAFFINITY user_affinity;  // what KeRevertToUserAffinityThread goes back to; guarded by the lock
  bool system_affinity;     // as above
  std::atomic<LONG> quantum_100ns;
  KPRIORITY process_base;    // what base_priority is reckoned from; guarded by the lock
  CHAR saturation;           // 1 or -1: KeSetBasePriorityThread asked for the highest or the lowest
  std::atomic<ULONG> ticks;  // that found it running; written by its processor's clock

  mica::ke::SpinLock<mica::ke::Rank::thread> lock;
  // Owned ones: its own thread's, or its waker's while it is still.
  LIST_ENTRY mutants;

  // APCs (ke/apc.hpp). What is queued is guarded by the lock.
  mica::ke::SpinLock<mica::ke::Rank::apc> apc_lock;
  // Its own environment, and that of the process it is attached to. Special kernel APCs come first.
  KAPC_STATE apc_states[2];
  UCHAR apc_index;                         // which of them it is in
  bool apcs_stopped;                       // it ends: nothing is queued any more
  std::atomic<std::uint32_t> queued_apcs;  // the kinds that are queued there: bits of wait_word

  // See ke/suspend.hpp.
  mica::ke::SpinLock<mica::ke::Rank::suspend> suspend_lock;
  ULONG suspend_count;
  ULONG freeze_count;
  KAPC suspend_apc;
  KEVENT goes_on;  // signalled: both counts are zero

  _KPROCESS* process;  // its own
  LIST_ENTRY process_link;

  // The KQUEUE it belongs to; see ke/queue.hpp.
  std::atomic<KQUEUE*> queue;
  LIST_ENTRY queue_link;                // in the queue's ThreadListHead
  std::atomic<std::uint32_t> at_queue;  // it is about to touch the queue from outside of a call
  std::atomic<std::uint32_t> released;  // who runs the queue down still holds queue_link
  LIST_ENTRY* given;                    // the entry that it took, or was given

  // The last save of extended registers that it has not restored; they are its own until then, and
  // switches keep them.
  XSTATE_SAVE* extended;

  std::uint16_t held_locks;  // that deadlock detection knows of (ke/lock_tables.hpp)

  mica::hal::Stack stack;  // that it began on
  ULONG callouts;          // of KeExpandKernelStackAndCallout that it is in
  PKSTART_ROUTINE start_routine;
  PVOID start_context;
};

namespace mica::ke {

using Thread = _KTHREAD;

// After `processor`, if both change.
inline void stand(Thread& thread, Scheduling where) noexcept {
  thread.scheduling.store(where, std::memory_order_release);
}

[[nodiscard]] inline Thread& current_thread() noexcept {
  return *Machine::current_thread();
}

struct ThreadParameters {
  hal::Stack stack;
  PKSTART_ROUTINE routine;
  PVOID context;
  Process* process;    // must be kept until `thread_ended`
  KPRIORITY priority;  // 0: that of the process
};

// `thread` is zero-filled. It runs after start_thread. False, and it is none: the process has
// ended. IRQL <= DISPATCH_LEVEL.
[[nodiscard]] bool NTAPI initialize_thread(Thread& thread,
                                           ThreadParameters const& parameters) noexcept;
void NTAPI start_thread(Thread& thread) noexcept;
// Instead of starting it.
void NTAPI discard_thread(Thread& thread) noexcept;

// Ends the calling thread: abandons its mutants, signals its object, hands it to
// State::thread_ended.
// IRQL PASSIVE_LEVEL.
[[noreturn]] void NTAPI end_thread() noexcept;

// KeAlertThread: whether it was alerted before. Ends an alertable wait, or the next one.
// IRQL <= DISPATCH_LEVEL.
bool NTAPI alert(Thread& thread) noexcept;

}  // namespace mica::ke
