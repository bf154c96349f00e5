// Threaded DPCs.                               [MSDN "Introduction to Threaded DPCs"]
//   Invariant D2: at PASSIVE_LEVEL on the target processor, at DISPATCH_LEVEL without its thread.
#include "ke/interrupts.hpp"
#include "ke/object_type.hpp"
#include "ke/signaller.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

// On the processor itself, at DISPATCH_LEVEL.
void NTAPI start(PKDPC, PVOID context, PVOID, PVOID) {
  auto& processor = *static_cast<Processor*>(context);
  ThreadedDpcs& threaded = processor.threaded;
  // Relaxed: what the thread takes after it has said that it runs, and what was queued before this,
  // is ordered by the lock of the queue. One of the two sees the other.
  auto expected = DpcThread::none;
  if (threaded.thread.compare_exchange_strong(expected, DpcThread::wanted,
                                              std::memory_order_relaxed))
    return processor.ke->want_dpc_thread();
  if (expected == DpcThread::runs) {
    static_cast<void>(KeSetEvent(&threaded.work, 0, FALSE));
  } else if (expected == DpcThread::refused) {
    DpcCall call;
    while (threaded.queue.take(call)) run_dpc(call, DISPATCH_LEVEL);
  }
}

}  // namespace

namespace mica::ke {

void NTAPI initialize_threaded_dpcs(Processor& processor, ULONG number) noexcept {
  ThreadedDpcs& threaded = processor.threaded;
  initialize_dpc(threaded.starter, start, &processor);
  threaded.starter.Number = target_name(number);
  KeInitializeEvent(&threaded.work, SynchronizationEvent, FALSE);
}

void NTAPI run_threaded_dpcs(void* argument) noexcept {
  auto& processor = *static_cast<Processor*>(argument);
  ThreadedDpcs& threaded = processor.threaded;
  KeSetSystemAffinityThread(KAFFINITY{1} << processor.machine.pcr.Prcb.Number);
  static_cast<void>(KeSetPriorityThread(&current_thread(), highest_priority));
  // From here on starter wakes this thread; what was inserted before is found now.
  threaded.thread.store(DpcThread::runs, std::memory_order_relaxed);
  for (;;) {
    DpcCall call;
    while (threaded.queue.take(call)) {
      begin_dpc(processor.dpc_times.threaded);
      threaded.runner.store(&current_thread(), std::memory_order_relaxed);
      run_dpc(call, PASSIVE_LEVEL);
      threaded.runner.store(nullptr, std::memory_order_relaxed);
    }
    static_cast<void>(KeWaitForSingleObject(&threaded.work, Executive, KernelMode, FALSE, nullptr));
  }
}

void NTAPI refuse_dpc_thread(Processor& processor) noexcept {
  processor.threaded.thread.store(DpcThread::refused, std::memory_order_relaxed);
  static_cast<void>(KeInsertQueueDpc(&processor.threaded.starter, nullptr, nullptr));
}

}  // namespace mica::ke

void NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine,
                                   PVOID DeferredContext) {
  KeInitializeDpc(Dpc, DeferredRoutine, DeferredContext);
  Dpc->Type = ThreadedDpcObject;
}
