// How ke's state begins, and the idle threads.
#include "ke/interrupts.hpp"
#include "ke/process.hpp"
#include "ke/signaller.hpp"

namespace mica::ke {
namespace {

void initialize_processor(State& state, ULONG number, Process& process) noexcept {
  Processor& processor = state.processors[number];
  KPCR& pcr = processor.machine.pcr;
  pcr.Self = &pcr;
  pcr.CurrentPrcb = &pcr.Prcb;
  pcr.Prcb.Number = static_cast<UCHAR>(number);
  pcr.Prcb.CurrentThread = pcr.Prcb.IdleThread = &processor.idle;
  processor.ke = &state;
  // No thread may be sent here before its idle thread runs.
  processor.ready.effective = highest_priority + 1;
  processor.armed.store(no_tick, std::memory_order_relaxed);

  initialize_threaded_dpcs(processor, number);

  Thread& idle = processor.idle;
  initialize_header(idle.Header, ThreadObject, 0, 0);
  idle.priority = idle.base_priority = idle_priority;
  idle.affinity = idle.user_affinity = KAFFINITY{1} << number;
  idle.processor = idle.ideal_processor = number;
  idle.process = idle.apc_states[0].Process = &process;
  list_initialize(idle.mutants);
}

}  // namespace

void NTAPI initialize(State& state, unsigned count, Process& process) noexcept {
  state.count = count;
  state.number_of_processors = static_cast<CCHAR>(count);
  state.time.period_100ns = default_period_100ns;
  initialize_header(state.generic_call.Header, EventSynchronizationObject,
                    sizeof state.generic_call, 1);
  list_initialize(state.bugcheck.callbacks);
  list_initialize(state.bugcheck.reason_callbacks);
  initialize_process(process, {.base_priority = normal_base_priority,
                               .affinity = (KAFFINITY{1} << count) - 1,
                               .quantum_100ns = default_quantum_100ns});
  for (ULONG number = 0; number < count; ++number) initialize_processor(state, number, process);
}

void NTAPI idle() noexcept {
  at_dispatch.assert_held();
  Processor& processor = current();
  count_ticks();
  {
    SpinGuardAtDispatch guard{processor.timers.lock};
    processor.timers.start(processor.ke->time.tick.load());
  }
  processor.ke->active.fetch_or(KAFFINITY{1} << Machine::processor_number());
  // What was queued before this processor could be seen; it tells others that it is idle.
  Machine::request_dispatch();
  Machine::lower(PASSIVE_LEVEL);
  for (;;) {
    static_cast<void>(Machine::disable_interrupts());
    Machine::halt();
  }
}

}  // namespace mica::ke
