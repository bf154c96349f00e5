// Where a thread stands, and what follows when what it is scheduled by changes from outside.
#include "ke/processor.hpp"
#include "ke/scheduler.hpp"

namespace mica::ke {
namespace {

// Calls act(processor, where it stands there) under the ready lock of the processor that the thread
// names: what is about to go to another one stands nowhere.
template <class Act>
void where_it_stands(Thread& thread, Act act) noexcept MICA_REQUIRES(at_dispatch) {
  State& ke = state();
  for (;;) {
    Processor& processor = ke.processors[thread.processor.load()];
    SpinGuardAtDispatch guard{processor.ready.lock};
    Scheduling const where = thread.scheduling.load(std::memory_order_acquire);
    if (&ke.processors[thread.processor.load()] == &processor) return act(processor, where);
  }
}

void follow_priority(Processor& processor, Thread& thread, Scheduling where,
                     KPRIORITY priority) noexcept MICA_REQUIRES(at_dispatch, processor.ready.lock) {
  switch (where) {
    case Scheduling::none:
      return;  // whoever queues it sees the new priority
    case Scheduling::ready:
      processor.ready.remove(thread);
      processor.ready.insert(thread, false);
      return announce(thread);
    case Scheduling::standby:
      processor.ready.effective.store(priority);
      break;
    case Scheduling::running:
      if (processor.ready.standby == nullptr) processor.ready.effective.store(priority);
      break;
  }
  request_reschedule(processor);
}

void follow_affinity(Processor& processor, Thread& thread, Scheduling where) noexcept
    MICA_REQUIRES(at_dispatch) {
  // In whichever queue it stands, those who may run it look there.
  if (where == Scheduling::ready) return announce(thread);
  if (where != Scheduling::none) request_reschedule(processor);
}

}  // namespace

// The analysis does not see that where_it_stands holds the lock.
void NTAPI change_priority(Thread& thread, KPRIORITY priority) noexcept {
  thread.priority.store(priority);
  where_it_stands(thread, [&](Processor& processor, Scheduling where) MICA_NO_ANALYSIS {
    follow_priority(processor, thread, where, priority);
  });
}

void NTAPI change_affinity(Thread& thread, KAFFINITY affinity) noexcept {
  thread.affinity.store(affinity);
  where_it_stands(thread, [&](Processor& processor, Scheduling where) MICA_REQUIRES(at_dispatch) {
    follow_affinity(processor, thread, where);
  });
}

void NTAPI interrupt_if_running(Thread& thread) noexcept {
  where_it_stands(thread, [](Processor& processor, Scheduling where) MICA_REQUIRES(at_dispatch) {
    if (where == Scheduling::running) request_reschedule(processor);
  });
}

}  // namespace mica::ke
