// Rules for scheduling
//   Everything at DISPATCH_LEVEL. make_ready and block may not be called with a ready, timer or DPC
//   lock held. Invariant W5: at quiescence no processor runs a thread of lower priority than a
//   ready one it may run. Hence: whoever makes a thread ready looks at what every processor runs;
//   whoever lowers what its processor runs looks at every queue.
#pragma once

#include "ke/processor.hpp"

namespace mica::ke {

// Whether its affinity has the processor.
[[nodiscard]] bool NTAPI may_run_on(Thread const& thread, Processor const& processor) noexcept;

// Queues a thread whose context is saved, or gives it to a processor that runs something lower.
void NTAPI make_ready(Thread& thread, bool front) noexcept MICA_REQUIRES(at_dispatch);

// A claimed waiter may run: queues it, or leaves that to the epilogue of the switch it is in.
void NTAPI wake(Thread& thread, KPRIORITY increment) noexcept MICA_REQUIRES(at_dispatch);

// Leaves the current thread for the best ready one; returns when it runs again.
void NTAPI block(After after) noexcept MICA_REQUIRES(at_dispatch);

// At the end of the dispatch interrupt: quantum end, standby, preemption.
void NTAPI reschedule() noexcept MICA_REQUIRES(at_dispatch);

// Makes that processor look at its queues soon.
void NTAPI request_reschedule(Processor& processor) noexcept MICA_REQUIRES(at_dispatch);

// First act of every context that starts or continues: does what `after` says for the thread that
// was left.
void NTAPI epilogue() noexcept MICA_REQUIRES(at_dispatch);

// Changes a thread's current priority wherever it stands. The thread's lock is held.
void NTAPI change_priority(Thread& thread, KPRIORITY priority) noexcept MICA_REQUIRES(at_dispatch);

// The same for its affinity. A thread that runs, or is to run, elsewhere goes from there.
void NTAPI change_affinity(Thread& thread, KAFFINITY affinity) noexcept MICA_REQUIRES(at_dispatch);

// A queued thread changed: makes a processor look that runs something lower. Its queue's lock is
// held.
void NTAPI announce(Thread const& thread) noexcept MICA_REQUIRES(at_dispatch);

// Has the processor that runs the thread take a dispatch interrupt. One that switches to it after
// this call began finds what was written before.
void NTAPI interrupt_if_running(Thread& thread) noexcept MICA_REQUIRES(at_dispatch);

}  // namespace mica::ke
