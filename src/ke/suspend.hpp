// Rules for suspending
//   A suspended thread runs its suspend APC, a normal kernel APC, which waits for `goes_on`: so it
//   is suspended where normal kernel APCs may come, which critical regions, guarded regions, owned
//   mutexes and APC_LEVEL put off, as does another normal APC; and in its own process, not while it
//   is attached. Special kernel APCs still run. A frozen thread is the same by another count.
//   IRQL <= DISPATCH_LEVEL; who suspends itself, below that level, comes back when it is resumed.
//   The thread must stay until the call returns.                       [WI7 part 1, chapters 3, 5]
#pragma once

#include "ke/thread.hpp"

namespace mica::ke {

inline constexpr ULONG maximum_suspend_count = 127;

void NTAPI initialize_suspension(Thread& thread) noexcept;

// *previous is the count before, if it succeeds. STATUS_SUSPEND_COUNT_EXCEEDED: that is
// maximum_suspend_count. STATUS_THREAD_IS_TERMINATING: it has begun to end.
[[nodiscard]] NTSTATUS NTAPI suspend(Thread& thread, ULONG* previous) noexcept;
// Returns the count before; 0: it was not suspended, and nothing changes.
ULONG NTAPI resume(Thread& thread) noexcept;

// The same for every thread of a process but the calling one, those that begin meanwhile included.
void NTAPI freeze_process(Process& process) noexcept;
void NTAPI thaw_process(Process& process) noexcept;

// Adds so many to a thread's freeze count. The lock of its process is held.
void NTAPI freeze(Thread& thread, ULONG count) noexcept MICA_REQUIRES(at_dispatch);

}  // namespace mica::ke
