// Callbacks for processors that are added.         [MSDN KeRegisterProcessorChangeCallback]
//   No processor is added after a driver could register, so there is nothing to remember: the
//   handle is a block of pool of its own, so that a leak is seen.
#include <nt/ex.h>

#include "ke/verifier.hpp"

using namespace mica;

namespace {

constexpr ULONG tag_callback = 'bcPK';

struct Registration {
  PPROCESSOR_CALLBACK_FUNCTION callback;
  PVOID context;

  NTSTATUS tell(ULONG index, KE_PROCESSOR_CHANGE_NOTIFY_STATE what,
                NTSTATUS status) const noexcept {
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT change{
        .State = what, .NtNumber = index, .Status = status, .ProcNumber = {}};
    static_cast<void>(KeGetProcessorNumberFromIndex(index, &change.ProcNumber));
    NTSTATUS result = STATUS_SUCCESS;
    callback(context, &change, &result);
    return result;
  }
  void tell_first(ULONG count, KE_PROCESSOR_CHANGE_NOTIFY_STATE what,
                  NTSTATUS status) const noexcept {
    for (ULONG index = 0; index < count; ++index) static_cast<void>(tell(index, what, status));
  }
};

// Every processor that there is, as if it were added now.
NTSTATUS NTAPI add_existing(Registration const& registration) noexcept {
  ULONG const count = KeQueryActiveProcessorCount(nullptr);
  for (ULONG index = 0; index < count; ++index) {
    NTSTATUS const status = registration.tell(index, KeProcessorAddStartNotify, STATUS_SUCCESS);
    if (NT_SUCCESS(status)) continue;
    registration.tell_first(index, KeProcessorAddFailureNotify, status);
    return status;
  }
  registration.tell_first(count, KeProcessorAddCompleteNotify, STATUS_SUCCESS);
  return STATUS_SUCCESS;
}

}  // namespace

PVOID NTAPI KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION CallbackFunction,
                                              PVOID CallbackContext, ULONG Flags) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, nullptr);
  auto* const registration = static_cast<Registration*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Registration), tag_callback));
  if (registration == nullptr) return nullptr;
  *registration = {CallbackFunction, CallbackContext};
  bool const existing = (Flags & KE_PROCESSOR_CHANGE_ADD_EXISTING) != 0;
  if (!existing || NT_SUCCESS(add_existing(*registration))) return registration;
  ExFreePoolWithTag(registration, tag_callback);
  return nullptr;
}

void NTAPI KeDeregisterProcessorChangeCallback(PVOID CallbackHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, CallbackHandle);
  ExFreePoolWithTag(CallbackHandle, tag_callback);
}
