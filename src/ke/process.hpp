// The kernel's part of a process: what its threads are scheduled by, all together.
//   Memory belongs to whoever made it (ps), and outlives its threads. Zero-filled memory plus
//   initialize_process() is a process. It has ended when its last thread has; none is added to one
//   that has ended.
//   IRQL <= DISPATCH_LEVEL unless said. The process's lock comes before those of its threads.
#pragma once

#include "base/list.hpp"
#include "ke/thread.hpp"

struct _KPROCESS {
  DISPATCHER_HEADER Header;  // signalled for good when it has ended

  mica::ke::SpinLock<mica::ke::Rank::process> lock;
  LIST_ENTRY threads;                    // KTHREAD::process_link; guarded by the lock
  KAFFINITY affinity;                    // as above
  ULONG freeze_count;                    // as above: what a new thread begins with
  bool ended;                            // as above
  std::atomic<KPRIORITY> base_priority;  // changed under the lock
  std::atomic<LONG> quantum_100ns;
};

namespace mica::ke {

struct ProcessParameters {
  KPRIORITY base_priority;
  KAFFINITY affinity;
  LONG quantum_100ns;
};

inline constexpr KPRIORITY normal_base_priority = 8;
inline constexpr LONG default_quantum_100ns = 300'000;

void NTAPI initialize_process(Process& process, ProcessParameters const& parameters) noexcept;

// The base priority, 1 to 31, from which those of its threads are reckoned: they change by as much,
// and stay among the boosted priorities (1 to 15) or the real-time ones (16 to 31) as the new base
// is. Who was put among the others by KeSetPriorityThread stays there. Returns the one before.
KPRIORITY NTAPI set_process_priority(Process& process, KPRIORITY base) noexcept;

// Which processors its threads may run on, now and once a system affinity has ended; false, and
// nothing changes, if none of them is active.
[[nodiscard]] bool NTAPI set_process_affinity(Process& process, KAFFINITY affinity) noexcept;

// What each thread of it gets when its present quantum is over. Any IRQL.
inline void set_process_quantum(Process& process, LONG quantum_100ns) noexcept {
  process.quantum_100ns.store(quantum_100ns, std::memory_order_relaxed);
}

// A new thread becomes one of the process, and gets from it what it is scheduled by; `priority` 0
// is the process's base. False: the process has ended.
[[nodiscard]] bool NTAPI join_process(Thread& thread, KPRIORITY priority) noexcept;

// The calling thread ends: the process too, if it was the last. PASSIVE_LEVEL.
void NTAPI leave_process(Thread& thread) noexcept;

// The thread begins a quantum as its process has it.
inline void renew_quantum(Thread& thread) noexcept {
  thread.quantum_100ns.store(thread.process->quantum_100ns.load(std::memory_order_relaxed),
                             std::memory_order_relaxed);
}

// Calls act(thread) for each of its threads.
template <class Act>
void for_each_thread(Process& process, Act act) noexcept MICA_REQUIRES(at_dispatch, process.lock) {
  for (LIST_ENTRY* entry = process.threads.Flink; entry != &process.threads; entry = entry->Flink)
    act(MICA_CONTAINING(*entry, Thread, process_link));
}

// Keeps a base priority among those of the process's kind.
[[nodiscard]] KPRIORITY NTAPI clamp_to_kind(KPRIORITY priority, KPRIORITY process_base) noexcept;

// Changes a thread's base and current priority; its lock is held.
void NTAPI put_priority(Thread& thread, KPRIORITY priority) noexcept
    MICA_REQUIRES(at_dispatch, thread.lock);
// By how much its base priority is above the process's, as KeSetBasePriorityThread told it.
[[nodiscard]] LONG NTAPI priority_increment(Thread const& thread) noexcept;

}  // namespace mica::ke
