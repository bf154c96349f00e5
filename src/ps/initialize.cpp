// The type Thread, and the first threads.
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
  ke::SpinGuard guard{state().lock};
  list_remove(thread.entry);
}

void* NTAPI current_thread_object() noexcept {
  return &current_thread();
}

}  // namespace

NTSTATUS NTAPI initialize() noexcept {
  State& ps = state();
  list_initialize(ps.threads);
  KeInitializeEvent(&ps.work, SynchronizationEvent, FALSE);
  NTSTATUS status = ob::create_type({.name = u"Thread",
                                     .procedures = {.remove = remove_thread,
                                                    .close = nullptr,
                                                    .parse = nullptr,
                                                    .name_suffix = nullptr,
                                                    .name_owner = nullptr},
                                     .mapping = {0x20048, 0x20037, 0x120000, THREAD_ALL_ACCESS},
                                     .valid_access = THREAD_ALL_ACCESS,
                                     .tag = tag_thread},
                                    &ps.thread_type);
  if (!NT_SUCCESS(status)) return status;
  ob::Hooks& hooks = ob::state().hooks;
  hooks.current_thread = current_thread_object;
  hooks.wake_reaper = wake_reaper;
  ke::state().thread_ended = thread_ended;
  ke::state().want_dpc_thread = wake_reaper;

  HANDLE reaper = nullptr;
  status =
      PsCreateSystemThread(&reaper, THREAD_ALL_ACCESS, nullptr, nullptr, nullptr, reap, nullptr);
  return NT_SUCCESS(status) ? ZwClose(reaper) : status;
}

}  // namespace mica::ps
