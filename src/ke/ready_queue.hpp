// Rules for ready queues
//   One a processor, 32 lists, first in first out within a priority; guarded by the queue's lock,
//   taken at DISPATCH_LEVEL.
//   The summary has a bit for each list that holds a thread; others read it without the lock to
//   see whether a look pays.
//   `effective` is the priority of what the processor runs or was told to run next. Whoever makes
//   a thread ready stores the summary, then reads every `effective`; whoever lowers `effective`
//   then reads every summary: one of them sees the other.
#pragma once

#include <atomic>
#include <bit>

#include "base/list.hpp"
#include "ke/thread.hpp"

namespace mica::ke {

struct ReadyQueue {
  SpinLock<Rank::ready> lock;
  std::atomic<KPRIORITY> effective;
  std::atomic<std::uint32_t> summary;
  Thread* standby;                    // what to run next, whatever the queue holds
  LIST_ENTRY lists[priority_levels];  // a list is initialised when its bit is first set

  [[nodiscard]] static KPRIORITY top(std::uint32_t bits) noexcept {
    return std::bit_width(bits) - 1;
  }

  void NTAPI insert(Thread& thread, bool front) noexcept MICA_REQUIRES(lock) {
    KPRIORITY const priority = thread.priority.load();
    std::uint32_t const bits = summary.load(std::memory_order_relaxed);
    std::uint32_t const bit = std::uint32_t{1} << priority;
    LIST_ENTRY& list = lists[priority];
    if ((bits & bit) == 0) list_initialize(list);
    if (front)
      list_prepend(list, thread.queue_entry);
    else
      list_append(list, thread.queue_entry);
    thread.queued_priority = priority;
    stand(thread, Scheduling::ready);
    summary.store(bits | bit);
  }

  void NTAPI remove(Thread& thread) noexcept MICA_REQUIRES(lock) {
    list_remove(thread.queue_entry);
    stand(thread, Scheduling::none);
    if (list_empty(lists[thread.queued_priority]))
      summary.store(summary.load(std::memory_order_relaxed) &
                    ~(std::uint32_t{1} << thread.queued_priority));
  }

  // The first thread above `above` that may run on the processors of `mask`; unlinked. Null if
  // there is none.
  [[nodiscard]] Thread* NTAPI take(KPRIORITY above, KAFFINITY mask) noexcept MICA_REQUIRES(lock) {
    std::uint32_t bits = summary.load(std::memory_order_relaxed);
    while (top(bits) > above) {
      KPRIORITY const priority = top(bits);
      LIST_ENTRY& list = lists[priority];
      for (LIST_ENTRY* entry = list.Flink; entry != &list; entry = entry->Flink) {
        Thread& thread = MICA_CONTAINING(*entry, Thread, queue_entry);
        if ((thread.affinity & mask) == 0) continue;
        remove(thread);
        return &thread;
      }
      bits &= ~(std::uint32_t{1} << priority);
    }
    return nullptr;
  }
};

}  // namespace mica::ke
