// The threads that run threaded DPCs: made when a processor wants one.
#include <nt/ke.h>
#include <nt/zw.h>

#include "ps/state.hpp"

namespace mica::ps {
namespace {

bool start_dpc_thread(ke::Processor& processor) noexcept {
  HANDLE thread = nullptr;
  NTSTATUS const status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, nullptr, nullptr,
                                               nullptr, ke::run_threaded_dpcs, &processor);
  if (!NT_SUCCESS(status)) return false;
  static_cast<void>(ZwClose(thread));
  return true;
}

}  // namespace

void NTAPI start_dpc_threads() noexcept {
  ke::State& ke = ke::state();
  for (ULONG number = 0; number < ke.count; ++number) {
    ke::Processor& processor = ke.processors[number];
    auto wanted = ke::DpcThread::wanted;
    if (!processor.threaded.thread.compare_exchange_strong(wanted, ke::DpcThread::starting))
      continue;
    if (!start_dpc_thread(processor)) ke::refuse_dpc_thread(processor);
  }
}

}  // namespace mica::ps
