#include "pnp/action.hpp"

#include "base/list.hpp"

namespace mica::pnp {
namespace {

// Null: there is nothing to do any more, and the worker is not called before somebody asks.
[[nodiscard]] LIST_ENTRY* NTAPI take(State& pnp) noexcept {
  ke::SpinGuard guard{pnp.lock};
  LIST_ENTRY* const entry = list_pop_front(pnp.actions);
  if (entry != nullptr) return entry;
  pnp.acting = false;
  pnp.actor.store(nullptr, std::memory_order_relaxed);
  return nullptr;
}

}  // namespace

void NTAPI queue(Action& action) noexcept {
  State& pnp = state();
  {
    ke::SpinGuard guard{pnp.lock};
    list_append(pnp.actions, action.entry);
    if (pnp.acting) return;
    pnp.acting = true;
  }
  ExQueueWorkItem(&pnp.worker, DelayedWorkQueue);
}

bool NTAPI is_worker() noexcept {
  return state().actor.load(std::memory_order_relaxed) == KeGetCurrentThread();
}

void NTAPI act(void*) {
  // The next worker begins when this one has found nothing more to do.
  state().actor.store(KeGetCurrentThread(), std::memory_order_relaxed);
  while (LIST_ENTRY* const entry = take(state())) {
    Action& action = MICA_CONTAINING(*entry, Action, entry);
    action.routine(action);
  }
}

}  // namespace mica::pnp
