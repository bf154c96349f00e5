// All that ps owns in one System; zero-filled is its state before initialize().
#pragma once

#include <nt/ob.h>

#include "ke/processor.hpp"
#include "ob/header.hpp"
#include "ps/notify.hpp"
#include "ps/process.hpp"
#include "ps/thread.hpp"

namespace mica::ps {

// The System process: an object that nobody allocated. Its first reference stays.
struct SystemProcess {
  ob::Header header;
  _EPROCESS process;
};
static_assert(offsetof(SystemProcess, process) == sizeof(ob::Header));

struct State {
  SystemProcess system;
  // Cells: what drivers know as PsProcessType, PsThreadType and PsInitialSystemProcess.
  POBJECT_TYPE process_type;
  POBJECT_TYPE thread_type;
  PEPROCESS initial_system_process;
  ke::SpinLock<ke::Rank::ps_clients> lock;
  ClientTable processes;           // which were made and are not yet deleted
  ClientTable threads;             // as above
  ProcessNotices process_notices;  // guarded by lock, but for their count
  ULONG last_id;                   // guarded by lock
  std::atomic<_ETHREAD*> ended;    // left their stacks; last in, first out
  KEVENT work;                     // for the reaper: a thread ended, or ob has objects to delete
};

[[nodiscard]] inline State& state() noexcept {
  return *ke::processor_block().ps;
}

// Makes the type Thread and starts the reaper. After ob::initialize. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

// A thread of the process, which ke::start_thread lets run; it has the one reference that is its
// own while it runs. `priority` 0 is the process's. STATUS_INSUFFICIENT_RESOURCES,
// STATUS_PROCESS_IS_TERMINATING. IRQL <= DISPATCH_LEVEL.
struct ThreadRequest {
  _EPROCESS& process;
  PKSTART_ROUTINE routine;
  void* context;
  KPRIORITY priority = 0;
};
[[nodiscard]] NTSTATUS NTAPI make_thread(ThreadRequest const& request, _ETHREAD** thread) noexcept;

// A thread of the process is about to begin: with the first one the process does, and others are
// told. STATUS_PROCESS_IS_TERMINATING, or why one of them refuses the process. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI thread_begins(_EPROCESS& process) noexcept;
// ke::State::thread_leaves.
void NTAPI thread_leaves(ke::Thread& thread) noexcept;

// The lock is held.
[[nodiscard]] inline HANDLE new_id(State& ps) noexcept {
  ps.last_id += id_step;
  return reinterpret_cast<HANDLE>(ULONG_PTR{ps.last_id});
}

// The thread whose identifier is the next after `id`, referenced, of those that `wanted` says of;
// null if there is none. IRQL <= DISPATCH_LEVEL.
[[nodiscard]] _ETHREAD* NTAPI next_thread(HANDLE id,
                                          bool(NTAPI* wanted)(_ETHREAD const& thread)) noexcept;

// ke::State::thread_ended.
void NTAPI thread_ended(ke::Thread& thread) noexcept;
// ob::Hooks::wake_reaper.
void NTAPI wake_reaper() noexcept;
// Makes the DPC threads that processors want. IRQL PASSIVE_LEVEL.
void NTAPI start_dpc_threads() noexcept;
// The reaper's body.
void NTAPI reap(void* context) noexcept;

[[nodiscard]] inline _ETHREAD& current_thread() noexcept {
  return reinterpret_cast<_ETHREAD&>(ke::current_thread());
}

inline constexpr ULONG tag_thread = 'erhT';
inline constexpr ULONG tag_process = 'corP';

}  // namespace mica::ps
