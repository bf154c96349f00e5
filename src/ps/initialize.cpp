// The types Process and Thread, the System process, and the first threads.
#include <nt/ke.h>
#include <nt/ob.h>
#include <nt/zw.h>

#include "mm/state.hpp"
#include "ob/state.hpp"
#include "ps/state.hpp"

namespace mica::ps {
namespace {

void NTAPI remove_thread(void* object) noexcept {
  auto& thread = *static_cast<_ETHREAD*>(object);
  {
    ke::SpinGuard guard{state().lock};
    list_remove(thread.client.entry);
  }
  ObDereferenceObject(thread.kernel.process);
}

void NTAPI remove_process(void* object) noexcept {
  ke::SpinGuard guard{state().lock};
  list_remove(static_cast<_EPROCESS*>(object)->client.entry);
}

void* NTAPI current_process_object() noexcept {
  return PsGetCurrentProcess();
}

void* NTAPI current_thread_object() noexcept {
  return &current_thread();
}

// What callbacks on handles may take away.             [MSDN OB_PRE_CREATE_HANDLE_INFORMATION]
constexpr ACCESS_MASK removable_of_process =
    PROCESS_CREATE_PROCESS | PROCESS_CREATE_THREAD | PROCESS_DUP_HANDLE | PROCESS_SET_QUOTA |
    PROCESS_SET_INFORMATION | PROCESS_SUSPEND_RESUME | PROCESS_TERMINATE | PROCESS_VM_OPERATION |
    PROCESS_VM_WRITE;
constexpr ACCESS_MASK removable_of_thread =
    THREAD_DIRECT_IMPERSONATION | THREAD_IMPERSONATE | THREAD_SET_CONTEXT | THREAD_SET_INFORMATION |
    THREAD_SET_LIMITED_INFORMATION | THREAD_SET_THREAD_TOKEN | THREAD_SUSPEND_RESUME |
    THREAD_TERMINATE;

struct Rights {
  ACCESS_MASK all, removable;
};

ob::TypeOptions type_options(char16_t const* name, void(NTAPI* remove)(void*),
                             GENERIC_MAPPING const& mapping, Rights rights, ULONG tag) noexcept {
  return {.name = name,
          .procedures = {.remove = remove,
                         .close = nullptr,
                         .parse = nullptr,
                         .name_suffix = nullptr,
                         .name_owner = nullptr,
                         .descriptor = nullptr},
          .mapping = mapping,
          .valid_access = rights.all,
          .tag = tag,
          .dispatcher_offset = 0,  // KPROCESS and KTHREAD come first
          .removable_access = rights.removable};
}

NTSTATUS make_types(State& ps) noexcept {
  NTSTATUS const status = ob::create_type(
      type_options(u"Process", remove_process, {0x20410, 0x20BEB, 0x121001, PROCESS_ALL_ACCESS},
                   {PROCESS_ALL_ACCESS, removable_of_process}, tag_process),
      &ps.process_type);
  if (!NT_SUCCESS(status)) return status;
  return ob::create_type(
      type_options(u"Thread", remove_thread, {0x20048, 0x20037, 0x120000, THREAD_ALL_ACCESS},
                   {THREAD_ALL_ACCESS, removable_of_thread}, tag_thread),
      &ps.thread_type);
}

// It has had threads since the System began; now it becomes an object.
void adopt_system_process(State& ps) noexcept {
  ps.system.header.references.store(1, std::memory_order_relaxed);
  ps.system.header.type = ps.process_type;
  ps.initial_system_process = &ps.system.process;
  ke::SpinGuard guard{ps.lock};
  ps.system.process.client.id = new_id(ps);
  ps.processes.add(ps.system.process.client);
}

}  // namespace

NTSTATUS NTAPI initialize() noexcept {
  State& ps = state();
  ps.processes.initialize();
  ps.threads.initialize();
  KeInitializeEvent(&ps.work, SynchronizationEvent, FALSE);
  NTSTATUS status = make_types(ps);
  if (!NT_SUCCESS(status)) return status;
  adopt_system_process(ps);
  ob::Hooks& hooks = ob::state().hooks;
  hooks.current_process = current_process_object;
  hooks.current_thread = current_thread_object;
  hooks.wake_reaper = wake_reaper;
  ke::state().thread_leaves = thread_leaves;
  ke::state().thread_ended = thread_ended;
  ke::state().want_dpc_thread = wake_reaper;

  HANDLE reaper = nullptr;
  status =
      PsCreateSystemThread(&reaper, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, reap, nullptr);
  return NT_SUCCESS(status) ? ZwClose(reaper) : status;
}

}  // namespace mica::ps
