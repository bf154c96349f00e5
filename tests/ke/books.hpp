// What the scheduler writes down about threads and processors, held against itself.
#pragma once

#include <mica/test.hpp>

#include "ke/processor.hpp"

namespace mica::ke {

// Reads what others wrote who stand still now, though nothing tells a race detector so.
#define MICA_READS_BOOKS __attribute__((no_sanitize("thread")))

// Every thread of a ready queue stands where it says, and the summary has a bit for each list that
// holds one.
MICA_READS_BOOKS inline void audit_queue(ReadyQueue const& queue, ULONG number) noexcept {
  std::uint32_t const summary = queue.summary.load();
  for (KPRIORITY priority = 0; priority <= highest_priority; ++priority) {
    LIST_ENTRY const& list = queue.lists[priority];
    bool const held = (summary >> priority & 1) != 0;
    bool const empty = list.Flink == nullptr || list.Flink == &list;
    MICA_CHECK(held == !empty);
    if (empty) continue;
    for (LIST_ENTRY const* entry = list.Flink; entry != &list; entry = entry->Flink) {
      auto const& thread = MICA_CONTAINING(const_cast<LIST_ENTRY&>(*entry), Thread, queue_entry);
      MICA_CHECK(thread.scheduling == Scheduling::ready);
      MICA_CHECK(thread.priority.load() == priority);
      MICA_CHECK(thread.queued_priority == priority);
      MICA_CHECK(thread.processor.load() == number);
    }
  }
}

// `effective` is what the processor was told to run next, else what it runs; both know where.
MICA_READS_BOOKS inline void audit(Processor const& processor, ULONG number) noexcept {
  Thread const& running = *processor.machine.pcr.Prcb.CurrentThread;
  ReadyQueue const& queue = processor.ready;
  KPRIORITY const effective = queue.effective.load();
  if (queue.standby != nullptr) {
    MICA_CHECK(effective == queue.standby->priority.load());
    MICA_CHECK(queue.standby->scheduling == Scheduling::standby);
    MICA_CHECK(queue.standby->processor.load() == number);
  } else {
    MICA_CHECK(effective == running.priority.load());
  }
  MICA_CHECK((effective == idle_priority) == (&running == &processor.idle && !queue.standby));
  if (&running != &processor.idle) {
    MICA_CHECK(running.scheduling == Scheduling::running);
    MICA_CHECK(running.processor.load() == number);
  }
  audit_queue(queue, number);
}

// The other processors are held at DISPATCH_LEVEL, idle, or run one thread on and on.
inline void audit() noexcept {
  State& ke = state();
  for (ULONG number = 0; number < ke.count; ++number) audit(ke.processors[number], number);
}

}  // namespace mica::ke
