#include "ke/interrupts.hpp"

#include "ke/apc.hpp"
#include "ke/scheduler.hpp"

namespace mica::ke {

void NTAPI dispatch_interrupt() noexcept {
  at_dispatch.assert_held();
  Processor& processor = current();
  // Nobody counted while every processor idled: what runs now must not reckon from a stale tick.
  if (Machine::current_thread() == &processor.idle) count_ticks();
  for (;;) {
    if (processor.timers_due.load(std::memory_order_relaxed))
      expire_timers();
    else if (processor.dpcs.depth() != 0)
      retire_dpcs();
    else
      break;
  }
  arm_clock();
  reschedule();
  // Who queued an APC to the thread that runs here sent an IPI for it.
  if (has_kernel_apcs(current_thread())) Machine::request_apc();
}

void NTAPI ipi_interrupt() noexcept {
  at_dispatch.assert_held();
  count_ticks();
  take_part_in_ipi_call();
  Machine::request_dispatch();
}

}  // namespace mica::ke
