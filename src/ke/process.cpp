// Processes as what threads are scheduled by.                             [WI7 part 1, chapter 4]
#include "ke/process.hpp"

#include <algorithm>
#include <bit>

#include "ke/object_type.hpp"
#include "ke/scheduler.hpp"
#include "ke/signaller.hpp"
#include "ke/suspend.hpp"

namespace mica::ke {
namespace {

// The thread's base priority follows that of its process.
void follow(Thread& thread, KPRIORITY base) noexcept MICA_REQUIRES(at_dispatch) {
  SpinGuardAtDispatch guard{thread.lock};
  LONG const increment = priority_increment(thread);
  KPRIORITY const own = thread.base_priority.load(std::memory_order_relaxed);
  bool const stays = clamp_to_kind(own, thread.process_base) != own;
  thread.process_base = base;
  if (!stays) put_priority(thread, clamp_to_kind(base + increment, base));
}

void restrict(Thread& thread, KAFFINITY affinity) noexcept MICA_REQUIRES(at_dispatch) {
  SpinGuardAtDispatch guard{thread.lock};
  thread.user_affinity = affinity;
  if (!thread.system_affinity) change_affinity(thread, affinity);
}

ULONG next_ideal(KAFFINITY allowed) noexcept {
  auto const count = static_cast<ULONG>(std::popcount(allowed));
  ULONG skip = state().next_ideal.fetch_add(1, std::memory_order_relaxed) % count;
  for (; skip > 0; --skip) allowed &= allowed - 1;
  return static_cast<ULONG>(std::countr_zero(allowed));
}

}  // namespace

void NTAPI initialize_process(Process& process, ProcessParameters const& parameters) noexcept {
  initialize_header(process.Header, ProcessObject, 0, 0);
  list_initialize(process.threads);
  process.affinity = parameters.affinity;
  process.base_priority.store(parameters.base_priority, std::memory_order_relaxed);
  process.quantum_100ns.store(parameters.quantum_100ns, std::memory_order_relaxed);
}

KPRIORITY NTAPI clamp_to_kind(KPRIORITY priority, KPRIORITY process_base) noexcept {
  return process_base < lowest_realtime ? std::clamp(priority, KPRIORITY{1}, lowest_realtime - 1)
                                        : std::clamp(priority, lowest_realtime, highest_priority);
}

KPRIORITY NTAPI set_process_priority(Process& process, KPRIORITY base) noexcept {
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{process.lock};
  KPRIORITY const old = process.base_priority.exchange(base, std::memory_order_relaxed);
  for_each_thread(process,
                  [base](Thread& thread) MICA_REQUIRES(at_dispatch) { follow(thread, base); });
  return old;
}

bool NTAPI set_process_affinity(Process& process, KAFFINITY affinity) noexcept {
  KAFFINITY const allowed = affinity & active_processors();
  if (allowed == 0) return false;
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{process.lock};
  process.affinity = allowed;
  for_each_thread(
      process, [allowed](Thread& thread) MICA_REQUIRES(at_dispatch) { restrict(thread, allowed); });
  return true;
}

bool NTAPI join_process(Thread& thread, KPRIORITY priority) noexcept {
  Process& process = *thread.process;
  RaiseToDispatch raised;
  SpinGuardAtDispatch guard{process.lock};
  if (process.ended) return false;
  thread.process_base = process.base_priority.load(std::memory_order_relaxed);
  KPRIORITY const own = priority != 0 ? priority : thread.process_base;
  thread.base_priority.store(own, std::memory_order_relaxed);
  thread.priority.store(own, std::memory_order_relaxed);
  thread.user_affinity = process.affinity & active_processors();
  thread.affinity.store(thread.user_affinity, std::memory_order_relaxed);
  ULONG const ideal = next_ideal(thread.user_affinity);
  thread.ideal_processor.store(ideal, std::memory_order_relaxed);
  thread.processor.store(ideal, std::memory_order_relaxed);
  renew_quantum(thread);
  list_append(process.threads, thread.process_link);
  freeze(thread, process.freeze_count);
  return true;
}

void NTAPI leave_process(Thread& thread) noexcept {
  Process& process = *thread.process;
  {
    SpinGuard guard{process.lock};
    list_remove(thread.process_link);
    if (!list_empty(process.threads)) return;
    process.ended = true;
  }
  static_cast<void>(signal(process.Header, 0, FALSE, [](DISPATCHER_HEADER& header) {
    set_state(header, 1);
    return LONG{0};
  }));
}

}  // namespace mica::ke
