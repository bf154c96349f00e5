// KeFlushQueuedDpcs.                                                   [MSDN KeFlushQueuedDpcs]
#include "ke/processor.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

// A DPC for each processor, and a threaded one where there may be such, behind everything that was
// queued there before; the last one to run sets the event.
struct Flush {
  std::atomic<ULONG> left;
  KEVENT done;
  KDPC dpcs[max_processors];
  KDPC threaded[max_processors];

  void NTAPI insert(KDPC& dpc, ULONG number) noexcept {
    ++left;
    KeSetTargetProcessorDpc(&dpc, static_cast<CCHAR>(number));
    static_cast<void>(KeInsertQueueDpc(&dpc, nullptr, nullptr));
  }
  void NTAPI arrive() noexcept {
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1)
      static_cast<void>(KeSetEvent(&done, 0, FALSE));
  }
  static void NTAPI arrived(PKDPC, PVOID context, PVOID, PVOID) {
    static_cast<Flush*>(context)->arrive();
  }
};

// Whether a threaded DPC may be queued there, or run: a thread that took the last one said before
// that it runs.
bool has_threaded(ThreadedDpcs const& threaded) noexcept {
  return threaded.queue.depth() != 0 ||
         threaded.thread.load(std::memory_order_relaxed) == DpcThread::runs;
}

}  // namespace

void NTAPI KeFlushQueuedDpcs(void) {
  Flush flush;
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, nullptr);
  State& ke = state();
  ULONG const count = KeQueryActiveProcessorCount(nullptr);
  flush.left = 1;  // this call, until it has inserted them all
  KeInitializeEvent(&flush.done, NotificationEvent, FALSE);
  for (ULONG number = 0; number < count; ++number) {
    KeInitializeDpc(&flush.dpcs[number], Flush::arrived, &flush);
    flush.insert(flush.dpcs[number], number);
    if (!has_threaded(ke.processors[number].threaded)) continue;
    KeInitializeThreadedDpc(&flush.threaded[number], Flush::arrived, &flush);
    flush.insert(flush.threaded[number], number);
  }
  flush.arrive();
  static_cast<void>(KeWaitForSingleObject(&flush.done, Executive, KernelMode, FALSE, nullptr));
}
