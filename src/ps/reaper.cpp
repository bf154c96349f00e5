// The reaper: a system thread that frees, at PASSIVE_LEVEL, what others may only leave behind.
#include <nt/ke.h>
#include <nt/ob.h>

#include "mm/state.hpp"
#include "ob/header.hpp"
#include "ps/state.hpp"

namespace mica::ps {

void NTAPI thread_ended(ke::Thread& thread) noexcept {
  State& ps = state();
  auto& ended = reinterpret_cast<_ETHREAD&>(thread);
  ended.next_ended = ps.ended.load(std::memory_order_relaxed);
  while (!ps.ended.compare_exchange_weak(ended.next_ended, &ended)) {
  }
  wake_reaper();
}

void NTAPI wake_reaper() noexcept {
  static_cast<void>(KeSetEvent(&state().work, 0, FALSE));
}

void NTAPI reap(void*) noexcept {
  State& ps = state();
  for (;;) {
    static_cast<void>(KeWaitForSingleObject(&ps.work, Executive, KernelMode, FALSE, nullptr));
    _ETHREAD* thread = ps.ended.exchange(nullptr);
    while (thread != nullptr) {
      _ETHREAD* const next = thread->next_ended;
      mm::free_stacks_of(thread->kernel);
      if (thread->is_object) ObDereferenceObject(thread);
      thread = next;
    }
    ob::reap();
    start_dpc_threads();
  }
}

}  // namespace mica::ps
