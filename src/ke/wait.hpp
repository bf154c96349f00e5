// Rules for signalling and waking
//   A signaller locks the object, changes SignalState, calls wake_waiters, unlocks, and only then
//   finish_wakes: after the unlock it never touches the object. All at DISPATCH_LEVEL.
//   Any-waiters are served before all-waiters, each first in, first out.
//   A claim that replaced Committing is noticed by the waiter itself; only one that replaced
//   Waiting makes it ready.
#pragma once

#include "ke/object_lock.hpp"
#include "ke/processor.hpp"

namespace mica::ke {

// Threads that a signal claimed (they get ready) or pinned (their wait-all is evaluated); linked
// through queue_entry, which is free while they are held still.
struct WakeList {
  LIST_ENTRY woken;
  LIST_ENTRY pinned;
  WakeList() noexcept {
    list_initialize(woken);
    list_initialize(pinned);
  }
  WakeList(WakeList const&) = delete;
  WakeList& operator=(WakeList const&) = delete;
};

void NTAPI wake_waiters(DISPATCHER_HEADER& header,
                        WakeList& wakes) noexcept;  // the object is locked
// KePulseEvent: as if the object, an event, were signalled for its waiters alone.
void NTAPI pulse_waiters(DISPATCHER_HEADER& header, WakeList& wakes) noexcept;
// `increment` is the boost of KeSetEvent and its like, 0 for none.
void NTAPI finish_wakes(WakeList& wakes, KPRIORITY increment) noexcept MICA_REQUIRES(at_dispatch);

// The time of the thread's current wait is over: its KTHREAD::timeout expired.
void NTAPI time_out(Thread& thread) noexcept MICA_REQUIRES(at_dispatch);

// Arms and disarms KTHREAD::timeout in the wheel of the processor it names (ke/expiry.cpp). `due`
// is absolute when the timeout was.
void NTAPI arm_timeout(Thread& thread, Due const& due) noexcept MICA_REQUIRES(at_dispatch);
void NTAPI disarm_timeout(Thread& thread) noexcept MICA_REQUIRES(at_dispatch);

// When a Timeout or DueTime argument is over: negative is relative to the last tick, else a system
// time.
[[nodiscard]] Due NTAPI due_of(LARGE_INTEGER due) noexcept;
// The system time at tick 0: the machine's, as whoever set the clock adjusted it.
[[nodiscard]] std::uint64_t NTAPI first_system_time() noexcept;

// Whether `thread` would not wait for it.
[[nodiscard]] bool NTAPI is_signaled(DISPATCHER_HEADER& header, Thread const& thread) noexcept;
// What a satisfied wait of `thread` does to it: STATUS_SUCCESS, or STATUS_ABANDONED for an
// abandoned mutant.
NTSTATUS NTAPI consume(DISPATCHER_HEADER& header, Thread& thread) noexcept;

}  // namespace mica::ke
