// Rules for threads of a KQUEUE
//   Everything at DISPATCH_LEVEL, by the thread itself, no lock held.
//   KTHREAD::queue is changed by its own thread and by who runs the queue down, under the queue's
//   lock. The queue may be freed once it was run down, while a thread that belonged to it is
//   elsewhere: so that thread says that it comes (`at_queue`), then looks whether it still belongs
//   to the queue; who runs it down takes the queue away, then waits until the thread is not there.
//   Until then `released` keeps the thread from going, or from joining another queue.
#pragma once

#include "ke/wait.hpp"

namespace mica::ke {

// The thread begins a call that takes from the queue: it belongs to it, and does not work.
void NTAPI join_queue(Thread& thread, KQUEUE& queue) noexcept MICA_REQUIRES(at_dispatch);
// It belongs to no queue.
void NTAPI leave_queue(Thread& thread) noexcept MICA_REQUIRES(at_dispatch);
// It is about to wait for something, and another may work; it works again.
void NTAPI rest_from_queue(Thread& thread) noexcept MICA_REQUIRES(at_dispatch);
void NTAPI return_to_queue(Thread& thread) noexcept MICA_REQUIRES(at_dispatch);

// What the wait protocol asks of its objects; the queue is locked.
[[nodiscard]] bool NTAPI has_entry_to_give(KQUEUE const& queue) noexcept;
NTSTATUS NTAPI give_entry(KQUEUE& queue, Thread& thread) noexcept;

[[nodiscard]] inline KQUEUE& queue_of(DISPATCHER_HEADER& header) noexcept {
  return reinterpret_cast<KQUEUE&>(header);
}

}  // namespace mica::ke
