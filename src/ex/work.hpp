// Rules for work items
//   One queue a System, by priority; within one, first in, first out. An item goes to a worker that
//   is idle, the one that was busy last. If none is, it waits, at most behind as many workers that
//   run at its priority or a higher one as there are processors: when fewer do, another worker is
//   made. Workers that wait for something do not count: so items that wait for others get on.
//   Workers begin when there is work for them and stay.
//   queue: IRQL <= DISPATCH_LEVEL; never blocks. Lock: ex_work, held while nothing is called.
//   A timer looks again while items wait: their turn may have come because a worker waits now, or
//   because there is memory for another.
#pragma once

#include <nt/ex/work.h>

#include "ke/processor.hpp"

namespace mica::ex {

struct Worker {
  LIST_ENTRY entry;       // in Work::workers, for ever. Lock
  LIST_ENTRY idle_entry;  // in Work::idle while it has nothing to do. Lock
  KEVENT assigned;        // somebody gave it an item while it was idle
  PWORK_QUEUE_ITEM item;  // null: none. Its own, or of who found it idle
  KPRIORITY priority;     // of the item. Written under the lock
  PKTHREAD thread;
};

struct Work {
  ke::SpinLock<ke::Rank::ex_work> lock;
  LIST_ENTRY waiting[ke::priority_levels] MICA_GUARDED_BY(lock);
  ULONG summary MICA_GUARDED_BY(lock);  // bit n: items of priority n wait
  LIST_ENTRY workers MICA_GUARDED_BY(lock);
  LIST_ENTRY idle MICA_GUARDED_BY(lock);
  ULONG count MICA_GUARDED_BY(lock);   // of workers, those being made included
  ULONG making MICA_GUARDED_BY(lock);  // of workers that are not in the list yet
  bool watched MICA_GUARDED_BY(lock);  // the timer is set
  KTIMER timer;
  KDPC look_again;
};

inline constexpr ULONG most_workers = 256;
inline constexpr LONGLONG look_again_100ns = 100'000;
inline constexpr ULONG tag_worker = 'kroW';

void NTAPI initialize_work(Work& work) noexcept;

// What the routine of a work item must have put back when it returns.
//                                              [MSDN Bug Check 0xE1, Bug Check 0x1 parameter 4]
void NTAPI check_work_done(void const* item, ULONG_PTR routine, void const* parameter) noexcept;

}  // namespace mica::ex
