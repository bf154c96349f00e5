// Ending threads.                                                    [MSDN PsTerminateSystemThread]
#include "ps/state.hpp"

using namespace mica;

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus) {
  _ETHREAD& thread = ps::current_thread();
  thread.exit_status = ExitStatus;
  ke::end_thread();
}

NTSTATUS NTAPI PsGetThreadExitStatus(PETHREAD Thread) {
  return Thread->exit_status;
}
