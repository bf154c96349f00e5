// Registering for processes, and being told.
//                     [MSDN PsSetCreateProcessNotifyRoutine, PsSetCreateProcessNotifyRoutineEx,
//                                                           PCREATE_PROCESS_NOTIFY_ROUTINE_EX]
#include "ps/notify.hpp"

#include "ke/verifier.hpp"
#include "ps/state.hpp"

namespace mica::ps {
namespace {

ProcessNotice* find(State& ps, void const* routine) noexcept {
  for (ProcessNotice& place : ps.process_notices.places)
    if (place.routine == routine && place.over == nullptr) return &place;
  return nullptr;
}

NTSTATUS NTAPI add(void* routine, bool extended) noexcept {
  State& ps = state();
  ke::SpinGuard guard{ps.lock};
  if (find(ps, routine) != nullptr) return STATUS_INVALID_PARAMETER;
  ProcessNotice* const place = find(ps, nullptr);
  if (place == nullptr) return STATUS_INVALID_PARAMETER;
  *place = {routine, extended, 0, nullptr};
  ps.process_notices.count.fetch_add(1, std::memory_order_relaxed);
  return STATUS_SUCCESS;
}

// From here on nobody begins a call. Null: it is not there.
ProcessNotice* NTAPI retire(void const* routine, bool extended, KEVENT& over) noexcept {
  State& ps = state();
  ke::SpinGuard guard{ps.lock};
  ProcessNotice* const place = find(ps, routine);
  if (place == nullptr || place->extended != extended) return nullptr;
  place->over = &over;
  ps.process_notices.count.fetch_sub(1, std::memory_order_relaxed);
  return place;
}

// Frees the place, unless a call goes on.
bool NTAPI free_if_quiet(ProcessNotice& place) noexcept {
  ke::SpinGuard guard{state().lock};
  if (place.calls != 0) return false;
  place = {};
  return true;
}

NTSTATUS remove(void const* routine, bool extended) noexcept {
  KEVENT over;
  KeInitializeEvent(&over, SynchronizationEvent, FALSE);
  ProcessNotice* const place = retire(routine, extended, over);
  if (place == nullptr) return STATUS_PROCEDURE_NOT_FOUND;
  while (!free_if_quiet(*place))
    static_cast<void>(KeWaitForSingleObject(&over, Executive, KernelMode, FALSE, nullptr));
  return STATUS_SUCCESS;
}

bool NTAPI begin_call(ProcessNotice& place, ProcessNotice* found) noexcept {
  ke::SpinGuard guard{state().lock};
  if (place.routine == nullptr || place.over != nullptr) return false;
  ++place.calls;
  *found = place;
  return true;
}

void NTAPI end_call(ProcessNotice& place) noexcept {
  ke::SpinGuard guard{state().lock};
  if (--place.calls == 0 && place.over != nullptr) KeSetEvent(place.over, 0, FALSE);
}

void call(ProcessNotice const& notice, _EPROCESS& process,
          PPS_CREATE_NOTIFY_INFO information) noexcept {
  if (notice.extended)
    reinterpret_cast<PCREATE_PROCESS_NOTIFY_ROUTINE_EX>(notice.routine)(&process, process.client.id,
                                                                        information);
  else
    reinterpret_cast<PCREATE_PROCESS_NOTIFY_ROUTINE>(notice.routine)(
        process.parent, process.client.id, information != nullptr ? TRUE : FALSE);
}

}  // namespace

void NTAPI tell_of_process(_EPROCESS& process, PPS_CREATE_NOTIFY_INFO information) noexcept {
  ProcessNotices& notices = state().process_notices;
  if (notices.count.load(std::memory_order_relaxed) == 0) return;
  KeEnterCriticalRegion();
  for (ProcessNotice& place : notices.places) {
    ProcessNotice notice;
    if (!begin_call(place, &notice)) continue;
    call(notice, process, information);
    end_call(place);
  }
  KeLeaveCriticalRegion();
}

}  // namespace mica::ps

using namespace mica;

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutine(PCREATE_PROCESS_NOTIFY_ROUTINE NotifyRoutine,
                                               BOOLEAN Remove) {
  auto* const routine = reinterpret_cast<void*>(NotifyRoutine);
  return Remove != FALSE ? ps::remove(routine, false) : ps::add(routine, false);
}

NTSTATUS NTAPI PsSetCreateProcessNotifyRoutineEx(PCREATE_PROCESS_NOTIFY_ROUTINE_EX NotifyRoutine,
                                                 BOOLEAN Remove) {
  auto* const routine = reinterpret_cast<void*>(NotifyRoutine);
  return Remove != FALSE ? ps::remove(routine, true) : ps::add(routine, true);
}
