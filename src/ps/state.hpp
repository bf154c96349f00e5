// All that ps owns in one System; zero-filled is its state before initialize().
#pragma once

#include <nt/ob.h>

#include "ke/processor.hpp"
#include "ps/thread.hpp"

namespace mica::ps {

struct State {
  POBJECT_TYPE thread_type;
  ke::SpinLock<ke::Rank::ps_threads> lock;
  LIST_ENTRY threads;                 // every thread that was started and not yet deleted
  ULONG next_id;                      // guarded by lock
  std::atomic<_ETHREAD*> ended;       // left their stacks; last in, first out
  KEVENT work;                        // for the reaper: a thread ended, or ob has objects to delete
};

[[nodiscard]] inline State& state() noexcept { return *ke::processor_block().ps; }

// Makes the type Thread and starts the reaper. After ob::initialize. IRQL PASSIVE_LEVEL.
[[nodiscard]] NTSTATUS NTAPI initialize() noexcept;

// A system thread, which ke::start_thread lets run; it has the one reference that is its own while
// it runs. Null without memory. IRQL <= DISPATCH_LEVEL.
[[nodiscard]] _ETHREAD* NTAPI make_thread(PKSTART_ROUTINE routine, void* context,
                                          KPRIORITY priority) noexcept;

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

}  // namespace mica::ps
