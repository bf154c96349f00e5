// Which processors a thread may run on.
//                                [MSDN KeSetSystemAffinityThreadEx, KeSetSystemGroupAffinityThread]
#include "ke/scheduler.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

// The calling thread goes on only where it may: it leaves this processor if it must.
void go_where_it_may(Thread const& thread) noexcept MICA_REQUIRES(at_dispatch) {
  if (!may_run_on(thread, current())) block(After::requeue_back);
}

// Whether there is such a group, and every processor of the mask in it; with none in the mask
// nothing happens anyway.
bool NTAPI is_valid(GROUP_AFFINITY const& affinity) noexcept {
  for (USHORT const reserved : affinity.Reserved)
    if (reserved != 0) return false;
  return affinity.Group == 0 && (affinity.Mask & ~active_processors()) == 0;
}

}  // namespace

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity) {
  RaiseToDispatch raised;
  Thread& thread = current_thread();
  KAFFINITY const allowed = Affinity & active_processors();
  if (allowed == 0) return 0;
  KAFFINITY old = 0;
  {
    SpinGuardAtDispatch guard{thread.lock};
    if (thread.system_affinity) old = thread.affinity.load(std::memory_order_relaxed);
    thread.system_affinity = true;
    thread.affinity.store(allowed, std::memory_order_relaxed);
  }
  go_where_it_may(thread);
  return old;
}

void NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity) {
  static_cast<void>(KeSetSystemAffinityThreadEx(Affinity));
}

void NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity,
                                          PGROUP_AFFINITY PreviousAffinity) {
  KAFFINITY const old = is_valid(*Affinity) ? KeSetSystemAffinityThreadEx(Affinity->Mask) : 0;
  if (PreviousAffinity != nullptr) *PreviousAffinity = {.Mask = old, .Group = 0, .Reserved = {}};
}

void NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity) {
  RaiseToDispatch raised;
  Thread& thread = current_thread();
  KAFFINITY const allowed = Affinity & active_processors();
  {
    SpinGuardAtDispatch guard{thread.lock};
    thread.system_affinity = allowed != 0;
    thread.affinity.store(allowed != 0 ? allowed : thread.user_affinity, std::memory_order_relaxed);
  }
  go_where_it_may(thread);
}

void NTAPI KeRevertToUserAffinityThread() {
  KeRevertToUserAffinityThreadEx(0);
}

void NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity) {
  KeRevertToUserAffinityThreadEx(is_valid(*PreviousAffinity) ? PreviousAffinity->Mask : 0);
}

UCHAR NTAPI KeSetIdealProcessorThread(PKTHREAD Thread, UCHAR Processor) {
  std::atomic<ULONG>& ideal = Thread->ideal_processor;
  return static_cast<UCHAR>(Processor < state().count
                                ? ideal.exchange(Processor, std::memory_order_relaxed)
                                : ideal.load(std::memory_order_relaxed));
}
