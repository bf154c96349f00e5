// Who is told of processes: routines in the order in which they were registered.
//   ps::State::lock guards them. A routine is called at PASSIVE_LEVEL, in a critical region and
//   without a lock; who takes one back waits for its calls.
#pragma once

#include <nt/ps.h>

#include <atomic>

namespace mica::ps {

inline constexpr ULONG process_notices_max = 64;  // [MSDN PsSetCreateProcessNotifyRoutine]

struct ProcessNotice {
  void* routine;  // of either kind; null: the place is free
  bool extended;  // a PCREATE_PROCESS_NOTIFY_ROUTINE_EX
  ULONG calls;    // that go on
  KEVENT* over;   // of who takes it back, and waits for them; else null
};

struct ProcessNotices {
  ProcessNotice places[process_notices_max];
  std::atomic<ULONG> count;  // of routines
};

// Calls all of them: `information` is null for a process that ends.
void NTAPI tell_of_process(_EPROCESS& process, PPS_CREATE_NOTIFY_INFO information) noexcept;

}  // namespace mica::ps
