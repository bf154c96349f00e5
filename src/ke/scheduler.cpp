// Which thread runs where.
#include "ke/scheduler.hpp"

#include <algorithm>
#include <utility>

#include "ke/interrupts.hpp"
#include "ke/process.hpp"
#include "ke/switch.hpp"

namespace mica::ke {

bool NTAPI may_run_on(Thread const& thread, Processor const& processor) noexcept {
  return (thread.affinity.load() >> processor.machine.pcr.Prcb.Number & 1) != 0;
}

namespace {

ULONG number_of(Processor const& processor) noexcept {
  return processor.machine.pcr.Prcb.Number;
}
KAFFINITY mask_of(Processor const& processor) noexcept {
  return KAFFINITY{1} << number_of(processor);
}

// Sequentially consistent stores are locked operations: what changes nothing does without. The
// cell's lock is held.
template <class Value>
void store_changed(std::atomic<Value>& cell, Value value) noexcept {
  if (cell.load(std::memory_order_relaxed) != value) cell.store(value);
}

// What placing a thread needs to know of it; a copy, because a queued thread may run, and end, at
// any moment.
struct Placement {
  KPRIORITY priority;
  KAFFINITY affinity;
  ULONG ideal;
  ULONG last;
};

Placement NTAPI placement_of(Thread const& thread) noexcept {
  return {thread.priority.load(), thread.affinity,
          thread.ideal_processor.load(std::memory_order_relaxed), thread.processor.load()};
}

// A processor that runs something lower than the thread and may run it: an idle one if there is,
// first the ideal one, then the last; else the one that runs the lowest. Null if there is none.
Processor* NTAPI lower_processor(State& ke, Placement const& placement) noexcept {
  Processor* lowest = nullptr;
  KPRIORITY lowest_priority = placement.priority;
  ULONG const preferred[] = {placement.ideal, placement.last, number_of(current())};
  for (ULONG number : preferred) {
    Processor& processor = ke.processors[number];
    if ((placement.affinity >> number & 1) != 0 &&
        processor.ready.effective.load() == idle_priority)
      return &processor;
  }
  for (ULONG number = 0; number < ke.count; ++number) {
    Processor& processor = ke.processors[number];
    KPRIORITY const effective = processor.ready.effective.load();
    if ((placement.affinity >> number & 1) == 0 || effective >= lowest_priority) continue;
    lowest = &processor;
    lowest_priority = effective;
  }
  return lowest;
}

// The queue a thread waits in when no processor can take it now.
Processor& NTAPI home_of(State& ke, Placement const& placement) noexcept {
  KAFFINITY const allowed = placement.affinity & active_processors();
  if ((allowed >> placement.ideal & 1) != 0) return ke.processors[placement.ideal];
  if ((allowed >> placement.last & 1) != 0) return ke.processors[placement.last];
  return ke.processors[static_cast<ULONG>(std::countr_zero(allowed))];
}

void NTAPI kick_lower_processor(State& ke, Placement const& placement) noexcept
    MICA_REQUIRES(at_dispatch) {
  if (Processor* const processor = lower_processor(ke, placement)) request_reschedule(*processor);
}

void NTAPI enqueue(State& ke, Thread& thread, Placement const& placement, bool front) noexcept
    MICA_REQUIRES(at_dispatch) {
  Processor& home = home_of(ke, placement);
  Placement queued;
  {
    SpinGuardAtDispatch guard{home.ready.lock};
    // Who changes priority or affinity stores it, then looks where the thread is; here it is the
    // other way around: one of us sees the other.
    store_changed(thread.processor, number_of(home));
    home.ready.insert(thread, front);
    queued = placement_of(thread);
  }
  kick_lower_processor(ke, queued);
}

// Makes it what the processor runs next. False if the processor found something as good meanwhile.
// `displaced` is the thread that was to run next before.
bool NTAPI assign(Processor& processor, Thread& thread, KPRIORITY priority,
                  Thread*& displaced) noexcept {
  SpinGuardAtDispatch guard{processor.ready.lock};
  if (processor.ready.effective.load() >= priority) return false;
  displaced = std::exchange(processor.ready.standby, &thread);
  if (displaced != nullptr) stand(*displaced, Scheduling::none);
  thread.processor.store(number_of(processor));
  stand(thread, Scheduling::standby);
  processor.ready.effective.store(priority);
  return true;
}

// From now on `next` is what the processor runs. Its ready lock is held.
void NTAPI settle(Processor& processor, Thread& from, Thread& next) noexcept
    MICA_REQUIRES(processor.ready.lock) {
  stand(from, Scheduling::none);
  store_changed(next.processor, number_of(processor));
  stand(next, Scheduling::running);
  store_changed(processor.ready.effective, next.priority.load());
  // As in enqueue(): or who changed the affinity meanwhile saw it nowhere.
  if (!may_run_on(next, processor)) Machine::request_dispatch();
}

// The best thread above `above` that another processor's queue holds and this one may run;
// unlinked.
Thread* NTAPI take_elsewhere(State& ke, Processor& processor, KPRIORITY above) noexcept {
  if (ke.count == 1) return nullptr;
  for (ULONG i = 1; i < ke.count; ++i) {
    Processor& other = ke.processors[(number_of(processor) + i) % ke.count];
    if (ReadyQueue::top(other.ready.summary.load()) <= above) continue;
    SpinGuardAtDispatch guard{other.ready.lock};
    if (Thread* const thread = other.ready.take(above, mask_of(processor))) return thread;
  }
  return nullptr;
}

// What a processor ran until now.
struct Incumbent {
  Thread& thread;
  KPRIORITY priority;  // what the processor's effective priority becomes if nothing is better
  KPRIORITY above;     // what is better has a priority above that
  bool leaves;         // it does not run on: the idle thread does
};

// The best thread for this processor, now its running one; null if nothing is better.
Thread* NTAPI choose(State& ke, Processor& processor, Incumbent const& from) noexcept
    MICA_REQUIRES(at_dispatch) {
  Thread* next = nullptr;
  Thread* passed_over = nullptr;
  Placement passed{};
  {
    SpinGuardAtDispatch guard{processor.ready.lock};
    if (from.leaves) stand(from.thread, Scheduling::none);
    if (Thread* const standby = std::exchange(processor.ready.standby, nullptr)) {
      passed = placement_of(*standby);
      processor.ready.insert(*standby, true);
      passed_over = standby;
    }
    next = processor.ready.take(from.above, mask_of(processor));
    if (next != nullptr)
      settle(processor, from.thread, *next);
    else
      processor.ready.effective.store(from.priority);
  }
  if (passed_over != nullptr && passed_over != next) kick_lower_processor(ke, passed);
  // The effective priority may have fallen: look at every queue, so that a thread queued meanwhile
  // is not left behind.
  while (Thread* const better =
             take_elsewhere(ke, processor, next != nullptr ? next->priority.load() : from.above)) {
    if (next != nullptr) make_ready(*next, true);
    next = better;
    SpinGuardAtDispatch guard{processor.ready.lock};
    settle(processor, from.thread, *next);
    if (processor.ready.standby == nullptr) continue;
    processor.ready.effective.store(
        std::max(next->priority.load(), processor.ready.standby->priority.load()));
  }
  return next;
}

// The running thread used its time: a boost fades by one, and the clock starts anew. Real-time
// priorities are never above their base. If KeSetPriorityThread is ahead, its priority stays.
void NTAPI end_quantum(Thread& thread) noexcept {
  renew_quantum(thread);
  KPRIORITY priority = thread.priority.load();
  if (priority > thread.base_priority.load(std::memory_order_relaxed))
    static_cast<void>(thread.priority.compare_exchange_strong(priority, priority - 1));
}

}  // namespace

void NTAPI make_ready(Thread& thread, bool front) noexcept {
  State& ke = state();
  Thread* next = &thread;
  while (next != nullptr) {
    Placement const placement = placement_of(*next);
    Processor* const processor = lower_processor(ke, placement);
    if (processor == nullptr) return enqueue(ke, *next, placement, front);
    Thread* displaced = nullptr;
    if (!assign(*processor, *next, placement.priority, displaced)) continue;
    request_reschedule(*processor);
    next = displaced;
    front = true;
  }
}

void NTAPI wake(Thread& thread, KPRIORITY increment) noexcept {
  if (increment > 0) {
    KPRIORITY priority = thread.priority.load(std::memory_order_relaxed);
    // A real-time priority is above every boosted one.
    KPRIORITY const boosted = std::min(
        lowest_realtime - 1, thread.base_priority.load(std::memory_order_relaxed) + increment);
    while (boosted > priority && !thread.priority.compare_exchange_weak(priority, boosted)) {
    }
  }
  if (thread.run.exchange(Run::woken) == Run::parked) make_ready(thread, false);
}

void NTAPI block(After after) noexcept {
  Processor& processor = current();
  Thread& from = current_thread();
  Thread* const next =
      choose(state(), processor,
             {.thread = from, .priority = idle_priority, .above = idle_priority, .leaves = true});
  switch_to(processor, next != nullptr ? *next : processor.idle, after);
}

void NTAPI reschedule() noexcept {
  Processor& processor = current();
  Thread& running = current_thread();
  bool const idle = &running == &processor.idle;
  bool const round = processor.quantum_end.exchange(false, std::memory_order_relaxed);
  if (round) end_quantum(running);
  if (!may_run_on(running, processor)) return block(After::requeue_back);
  KPRIORITY const own = running.priority.load();
  // At the end of its quantum a thread gives way to its equals too.
  Thread* const next =
      choose(state(), processor,
             {.thread = running, .priority = own, .above = round ? own - 1 : own, .leaves = false});
  if (next == nullptr) return;
  After const after = idle ? After::nothing : round ? After::requeue_back : After::requeue_front;
  switch_to(processor, *next, after);
}

void NTAPI request_reschedule(Processor& processor) noexcept {
  if (&processor == &current())
    Machine::request_dispatch();
  else
    Machine::send_ipi(number_of(processor));
}

void NTAPI announce(Thread const& thread) noexcept {
  kick_lower_processor(state(), placement_of(thread));
}

}  // namespace mica::ke
