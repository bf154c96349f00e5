// Making threads.                                                       [MSDN PsCreateSystemThread]
#include <nt/ke.h>
#include <nt/ob.h>

#include "mm/state.hpp"
#include "ob/header.hpp"
#include "ps/state.hpp"

using namespace mica;

namespace mica::ps {
namespace {

// Undoes what make_thread did.
void discard(_ETHREAD& thread) noexcept {
  ke::discard_thread(thread.kernel);
  mm::free_stack(thread.kernel.stack);
  ObDereferenceObject(&thread);
}

// The process of a handle, referenced; null is the System process.
NTSTATUS find_process(HANDLE handle, PVOID* process) noexcept {
  State& ps = state();
  if (handle != nullptr)
    return ObReferenceObjectByHandle(handle, PROCESS_CREATE_THREAD, ps.process_type, KernelMode,
                                     process, nullptr);
  *process = &ps.system.process;
  ObReferenceObject(*process);
  return STATUS_SUCCESS;
}

}  // namespace

NTSTATUS NTAPI make_thread(ThreadRequest const& request, _ETHREAD** made) noexcept {
  State& ps = state();
  auto* const thread =
      static_cast<_ETHREAD*>(ob::allocate_object(ps.thread_type, sizeof(_ETHREAD)));
  if (thread == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  thread->is_object = true;
  thread->exit_status = STATUS_PENDING;
  list_initialize(thread->client.entry);
  list_initialize(thread->requests);
  thread->kernel.process = &request.process.kernel;
  ObReferenceObject(&request.process);  // the thread's
  hal::Stack const stack = mm::allocate_stack();
  NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
  if (stack.base != nullptr) {
    status = ke::initialize_thread(thread->kernel, {.stack = stack,
                                                    .routine = request.routine,
                                                    .context = request.context,
                                                    .process = &request.process.kernel,
                                                    .priority = request.priority})
                 ? STATUS_SUCCESS
                 : STATUS_PROCESS_IS_TERMINATING;
    if (!NT_SUCCESS(status)) mm::free_stack(stack);
  }
  if (!NT_SUCCESS(status)) {
    ObDereferenceObject(thread);
    return status;
  }
  ke::SpinGuard guard{ps.lock};
  thread->client.id = new_id(ps);
  ps.threads.add(thread->client);
  *made = thread;
  return STATUS_SUCCESS;
}

}  // namespace mica::ps

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext) {
  if (NTSTATUS const status = ob::check_attributes(ObjectAttributes); !NT_SUCCESS(status))
    return status;
  PVOID process = nullptr;
  if (NTSTATUS const status = ps::find_process(ProcessHandle, &process); !NT_SUCCESS(status))
    return status;
  ob::Reference const kept{process};
  _ETHREAD* thread = nullptr;
  NTSTATUS status = ps::make_thread({.process = *static_cast<_EPROCESS*>(process),
                                     .routine = StartRoutine,
                                     .context = StartContext},
                                    &thread);
  if (!NT_SUCCESS(status)) return status;
  status = ps::thread_begins(*static_cast<_EPROCESS*>(process));
  if (!NT_SUCCESS(status)) {
    ps::discard(*thread);
    return status;
  }
  ObReferenceObject(thread);  // the handle's
  // The handle takes over its reference, or gives it back.
  status = ObInsertObject(thread, nullptr, DesiredAccess, 0, nullptr, ThreadHandle);
  if (!NT_SUCCESS(status)) {
    ps::thread_leaves(thread->kernel);
    ps::discard(*thread);
    return status;
  }
  if (ClientId != nullptr) *ClientId = {PsGetThreadProcessId(thread), PsGetThreadId(thread)};
  ke::start_thread(thread->kernel);
  return STATUS_SUCCESS;
}

HANDLE NTAPI PsGetThreadId(PETHREAD Thread) {
  return Thread->client.id;
}

HANDLE NTAPI PsGetCurrentThreadId() {
  return ps::current_thread().client.id;
}
