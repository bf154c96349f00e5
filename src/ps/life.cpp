// When a process begins and ends: with its first thread and with its last.
//                          [MSDN PsSetCreateProcessNotifyRoutine, PS_CREATE_NOTIFY_INFO]
#include "ps/state.hpp"

namespace mica::ps {
namespace {

bool is_told_of(_EPROCESS const& process) noexcept {
  return &process != &state().system.process;
}

UNICODE_STRING const* if_any(UNICODE_STRING const& text) noexcept {
  return text.Length != 0 ? &text : nullptr;
}

// Those who are told may refuse it.
NTSTATUS tell_of_begin(_EPROCESS& process) noexcept {
  PS_CREATE_NOTIFY_INFO information{};
  information.Size = sizeof information;
  information.FileOpenNameAvailable = process.image_name.Length != 0 ? 1 : 0;
  information.ParentProcessId = process.parent;
  information.CreatingThreadId = {PsGetCurrentProcessId(), PsGetCurrentThreadId()};
  information.ImageFileName = if_any(process.image_name);
  information.CommandLine = if_any(process.command_line);
  tell_of_process(process, &information);
  return information.CreationStatus;
}

// The first thread waits here while others are told, and a second one until that is over.
NTSTATUS begin(_EPROCESS& process) noexcept {
  static_cast<void>(KeWaitForSingleObject(&process.birth, Executive, KernelMode, FALSE, nullptr));
  NTSTATUS status = process.refused;
  if (NT_SUCCESS(status) && process.threads.load(std::memory_order_relaxed) == unborn) {
    status = process.refused = tell_of_begin(process);
    if (NT_SUCCESS(status)) process.threads.store(1, std::memory_order_relaxed);
  } else if (NT_SUCCESS(status)) {
    status = STATUS_RETRY;
  }
  KeReleaseMutex(&process.birth, FALSE);
  return status;
}

}  // namespace

NTSTATUS NTAPI thread_begins(_EPROCESS& process) noexcept {
  if (!is_told_of(process)) return STATUS_SUCCESS;
  for (;;) {
    LONG count = process.threads.load(std::memory_order_relaxed);
    if (count == unborn) {
      NTSTATUS const status = begin(process);
      if (status != STATUS_RETRY) return status;
    } else if (count == 0) {
      return STATUS_PROCESS_IS_TERMINATING;
    } else if (process.threads.compare_exchange_weak(count, count + 1)) {
      return STATUS_SUCCESS;
    }
  }
}

void NTAPI thread_leaves(ke::Thread& thread) noexcept {
  _EPROCESS& process = process_of(*thread.process);
  if (is_told_of(process) && process.threads.fetch_sub(1) == 1) tell_of_process(process, nullptr);
}

}  // namespace mica::ps
