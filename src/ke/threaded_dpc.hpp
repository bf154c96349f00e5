// Rules for threaded DPCs
//   One queue a processor, guarded as every DPC queue. Who inserts queues `starter` too, an
//   ordinary DPC: it wakes the processor's DPC thread. The first one that is inserted asks for that
//   thread (State::want_dpc_thread); where there can be none, starter runs them itself, at
//   DISPATCH_LEVEL.
#pragma once

#include "ke/dpc_queue.hpp"
#include "ke/thread.hpp"

namespace mica::ke {

struct Processor;

enum class DpcThread : std::uint8_t {
  none,      // nobody has inserted one
  wanted,    // to be made
  starting,  // made, or being made
  runs,      // takes what is queued, or waits for `work`
  refused,   // could not be made
};

struct ThreadedDpcs {
  DpcQueue queue;
  std::atomic<DpcThread> thread;
  KDPC starter;
  KEVENT work;
  std::atomic<Thread*> runner;  // the DPC thread while it runs a routine, else null
};

void NTAPI initialize_threaded_dpcs(Processor& processor, ULONG number) noexcept;

// The body of a DPC thread; its argument is the processor.
void NTAPI run_threaded_dpcs(void* processor) noexcept;

// The thread that the processor wanted cannot be made. IRQL <= DISPATCH_LEVEL.
void NTAPI refuse_dpc_thread(Processor& processor) noexcept;

}  // namespace mica::ke
