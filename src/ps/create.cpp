// Making threads.                                                       [MSDN PsCreateSystemThread]
#include <nt/ke.h>
#include <nt/ob.h>

#include "mm/state.hpp"
#include "ob/header.hpp"
#include "ps/state.hpp"

using namespace mica;

namespace mica::ps {
namespace {

constexpr KPRIORITY normal_priority = 8;
constexpr ULONG id_step = 4;  // identifiers look like handles

void list(_ETHREAD& thread) noexcept {
  State& ps = state();
  ke::SpinGuard guard{ps.lock};
  ps.next_id += id_step;
  thread.id = {reinterpret_cast<HANDLE>(ULONG_PTR{id_step}),
               reinterpret_cast<HANDLE>(ULONG_PTR{ps.next_id})};
  list_append(ps.threads, thread.entry);
}

}  // namespace

_ETHREAD* NTAPI make_thread(PKSTART_ROUTINE routine, void* context, KPRIORITY priority) noexcept {
  auto* const thread =
      static_cast<_ETHREAD*>(ob::allocate_object(state().thread_type, sizeof(_ETHREAD)));
  if (thread == nullptr) return nullptr;
  thread->is_object = true;
  thread->exit_status = STATUS_PENDING;
  list_initialize(thread->entry);
  hal::Stack const stack = mm::allocate_stack();
  if (stack.base == nullptr) {
    ObDereferenceObject(thread);
    return nullptr;
  }
  ke::initialize_thread(thread->kernel, {.stack = stack,
                                         .routine = routine,
                                         .context = context,
                                         .priority = priority,
                                         .affinity = ke::state().active.load()});
  list(*thread);
  return thread;
}

}  // namespace mica::ps

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                                    PVOID StartContext) {
  if (ProcessHandle != nullptr) return STATUS_INVALID_HANDLE;  // there is only the System process
  if (NTSTATUS const status = ob::check_attributes(ObjectAttributes); !NT_SUCCESS(status))
    return status;
  _ETHREAD* const thread = ps::make_thread(StartRoutine, StartContext, ps::normal_priority);
  if (thread == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  ObReferenceObject(thread);  // the handle's
  // The handle takes over its reference, or gives it back.
  NTSTATUS const status = ObInsertObject(thread, nullptr, DesiredAccess, 0, nullptr, ThreadHandle);
  if (!NT_SUCCESS(status)) {
    mm::free_stack(thread->kernel.stack);
    ObDereferenceObject(thread);
    return status;
  }
  if (ClientId != nullptr) *ClientId = thread->id;
  ke::start_thread(thread->kernel);
  return STATUS_SUCCESS;
}

HANDLE NTAPI PsGetThreadId(PETHREAD Thread) {
  return Thread->id.UniqueThread;
}

HANDLE NTAPI PsGetCurrentThreadId() {
  return ps::current_thread().id.UniqueThread;
}
