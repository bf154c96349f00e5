// Ending threads.                                                    [MSDN PsTerminateSystemThread]
#include "ps/state.hpp"

using namespace mica;

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus) {
  _ETHREAD& thread = ps::current_thread();
  if (thread.is_worker) [[unlikely]]
    ke::bugcheck(ACTIVE_EX_WORKER_THREAD_TERMINATION, ke::as_parameter(&thread));
  thread.exit_status = ExitStatus;
  ke::end_thread();
}

NTSTATUS NTAPI PsGetThreadExitStatus(PETHREAD Thread) {
  return Thread->exit_status;
}
