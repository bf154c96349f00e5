// The hand-off: invariant W4, a thread runs on at most one processor, and nobody switches to it
// before its context is saved.
#include "ke/switch.hpp"

#include <utility>

#include "ke/apc.hpp"
#include "ke/interrupts.hpp"
#include "ke/scheduler.hpp"
#include "ke/signaller.hpp"

namespace mica::ke {
namespace {

// The thread has left its stack for good.
void bury(Thread& thread) noexcept MICA_REQUIRES(at_dispatch) {
  Machine::release_context(thread.context);
  WakeList wakes;
  lock_object(thread.Header);
  set_state(thread.Header, 1);
  wake_waiters(thread.Header, wakes);
  unlock_object(thread.Header);
  finish_wakes(wakes, 0);
  state().thread_ended(thread);
}

// What the thread has in extended registers goes to the area behind the one that was saved.
[[nodiscard]] std::byte* live_area(XSTATE_SAVE const& save) noexcept {
  return reinterpret_cast<std::byte*>(save.XStateContext.Area) + save.XStateContext.Length;
}

}  // namespace

void NTAPI switch_to(Processor& processor, Thread& next, After after) noexcept {
  Thread& from = current_thread();
  processor.previous = &from;
  processor.after = after;
  processor.machine.pcr.Prcb.CurrentThread = &next;
  // From here on the clock charges the next thread; what it found before is not that one's.
  processor.quantum_end.store(false, std::memory_order_relaxed);
  if (&next != &processor.idle) arm_clock();
  XSTATE_SAVE const* const extended = from.extended;
  if (extended != nullptr) [[unlikely]]
    Machine::save_extended(live_area(*extended), Machine::extended_features());
  Machine::switch_context(from.context, next.context);
  epilogue();
  // Only now: what the host calls on the way changes registers too.
  if (extended != nullptr) [[unlikely]]
    Machine::restore_extended(live_area(*extended), Machine::extended_features());
}

void NTAPI epilogue() noexcept {
  Processor& processor = current();
  Thread& previous = *processor.previous;
  switch (std::exchange(processor.after, After::nothing)) {
    case After::nothing:
      break;
    case After::park: {
      // Its context is saved now. Whoever woke it meanwhile left the queueing to us.
      Run expected = Run::switching;
      if (!previous.run.compare_exchange_strong(expected, Run::parked)) make_ready(previous, false);
      break;
    }
    case After::requeue_front:
      make_ready(previous, true);
      break;
    case After::requeue_back:
      make_ready(previous, false);
      break;
    case After::bury:
      bury(previous);
      break;
  }
  // Whoever queued an APC before this thread was to run here left telling it to us.
  if (has_kernel_apcs(current_thread())) Machine::request_apc();
}

}  // namespace mica::ke
