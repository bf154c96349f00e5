// One wait from its request to its end: what the parts of the wait protocol share (wait.cpp,
// wait_all.cpp).
#pragma once

#include "ke/wait.hpp"

namespace mica::ke {

// Ends the thread's wait with `status`, unless it is over. What it was:
//   committing: ended; its thread will notice by itself
//   waiting: ended; its thread is to be woken
//   evaluating: told that its time is over; who evaluates will see it
//   claimed: ended by somebody else
[[nodiscard]] wait_word::State NTAPI claim(Thread& thread, NTSTATUS status) noexcept;

// Ends a wait that the caller evaluates, or gives one that the caller has claimed its last status.
void NTAPI finish(Thread& thread, NTSTATUS status) noexcept;

// What a wait ends with for the sake of APCs of these kinds: kernel APCs come first.
[[nodiscard]] constexpr NTSTATUS apc_status(std::uint32_t kinds) noexcept {
  return kinds == wait_word::user_apc ? STATUS_USER_APC : STATUS_KERNEL_APC;
}

// Takes all objects of a thread whose wait word is Evaluating, or puts it back to Waiting. Holds
// no lock on entry.
// True if the wait has ended, in which case the caller wakes the thread if it is another's.
bool NTAPI evaluate(Thread& thread) noexcept MICA_REQUIRES(at_dispatch);

// Under the locks of all its objects: takes them if all are signalled, and ends the wait.
NTSTATUS NTAPI take_all(Thread& thread, bool& taken) noexcept;

// KWAIT_BLOCK::BlockState of a wait-all: its event was pulsed, and counts as signalled for the
// evaluation that comes. Guarded by the event's lock.
inline constexpr UCHAR pulsed = 1;

struct WaitRequest {
  PVOID const* objects;
  KWAIT_BLOCK* blocks;
  ULONG count;
  bool all;
  KWAIT_REASON reason;
  KPROCESSOR_MODE mode;
  bool alertable;
  LARGE_INTEGER const* timeout;
  KQUEUE* queue = nullptr;       // the object, if the wait is for an entry...
  PLIST_ENTRY* entry = nullptr;  // ...and where it goes
};

[[nodiscard]] NTSTATUS NTAPI wait(WaitRequest const& request) noexcept;

// The same, and deadlock detection is told of the mutants among the objects (lock_waits.cpp). `at`
// is where the wait was asked for.
[[nodiscard]] NTSTATUS NTAPI wait_for_locks(WaitRequest const& request, void const* at) noexcept;

// The level a wait begins from: takes over one that KeSetEvent and its like left raised with Wait
// = TRUE.
[[nodiscard]] KIRQL NTAPI begin_wait(LARGE_INTEGER const* timeout, PVOID object) noexcept;

[[nodiscard]] inline DISPATCHER_HEADER& header_of(PVOID object) noexcept {
  return *static_cast<DISPATCHER_HEADER*>(object);
}

}  // namespace mica::ke
