#include "ob/handle_notice.hpp"

#include "base/list.hpp"
#include "ob/state.hpp"

namespace mica::ob {
namespace {

void* referenced(Header& object) noexcept {
  reference(object);
  return object.body();
}

}  // namespace

HandleNotice::HandleNotice(HandleOperation const& operation) noexcept
    : operation_{operation},
      what_{operation.duplicated != nullptr ? OB_OPERATION{OB_OPERATION_HANDLE_DUPLICATE}
                                            : OB_OPERATION{OB_OPERATION_HANDLE_CREATE}},
      object_{referenced(operation.object)} {}

HandleNotice::~HandleNotice() {
  for (ULONG i = 0; i < count_; ++i) end_use(state().callbacks, *recipients_[i].registration);
  if (recipients_ != nullptr) ExFreePoolWithTag(recipients_, tag_callback);
}

bool HandleNotice::concerns(Watch const& watch) const noexcept {
  return watch.type == operation_.object.type && (watch.operations & what_) != 0;
}

ULONG HandleNotice::count_watches(Callbacks& callbacks) const noexcept {
  ULONG count = 0;
  LIST_ENTRY* entry = callbacks.registrations.Flink;
  for (; entry != &callbacks.registrations; entry = entry->Flink) {
    Registration& registration = MICA_CONTAINING(*entry, Registration, entry);
    for (ULONG i = 0; i < registration.watch_count; ++i)
      count += concerns(registration.watches()[i]) ? 1 : 0;
  }
  return count;
}

bool NTAPI HandleNotice::gather(Callbacks& callbacks) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  ULONG const most = count_watches(callbacks);
  if (most == 0) return true;
  recipients_ = static_cast<Recipient*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, most * sizeof(Recipient), tag_callback));
  if (recipients_ == nullptr) return false;
  LIST_ENTRY* entry = callbacks.registrations.Flink;
  for (; entry != &callbacks.registrations; entry = entry->Flink) {
    Registration& registration = MICA_CONTAINING(*entry, Registration, entry);
    for (ULONG i = 0; i < registration.watch_count; ++i) {
      Watch const& watch = registration.watches()[i];
      if (!concerns(watch)) continue;
      ++registration.uses;
      recipients_[count_++] = {&registration, &watch, nullptr};
    }
  }
  return true;
}

// Rights are taken away one by one: who adds one, or takes one that is not to be taken, is not
// heard.                                                    [MSDN OB_PRE_CREATE_HANDLE_INFORMATION]
void HandleNotice::tell_before(Recipient& recipient, ACCESS_MASK original,
                               ACCESS_MASK* access) noexcept {
  OB_PRE_OPERATION_PARAMETERS parameters{};
  ACCESS_MASK* wanted = &parameters.CreateHandleInformation.DesiredAccess;
  if (Transfer const* const transfer = operation_.duplicated; transfer != nullptr) {
    parameters.DuplicateHandleInformation = {*access, original, transfer->source, transfer->target};
    wanted = &parameters.DuplicateHandleInformation.DesiredAccess;
  } else {
    parameters.CreateHandleInformation = {*access, original};
  }
  OB_PRE_OPERATION_INFORMATION information{};
  information.Operation = what_;
  information.KernelHandle = operation_.kernel_handle ? 1 : 0;
  information.Object = operation_.object.body();
  information.ObjectType = operation_.object.type;
  information.Parameters = &parameters;
  static_cast<void>(recipient.watch->before(recipient.registration->context, &information));
  recipient.call_context = information.CallContext;
  *access &= *wanted | ~operation_.object.type->removable_access;
}

NTSTATUS HandleNotice::before(ACCESS_MASK* access) noexcept {
  if (!gather(state().callbacks)) return STATUS_INSUFFICIENT_RESOURCES;
  ACCESS_MASK const original = *access;
  for (ULONG i = 0; i < count_; ++i)
    if (recipients_[i].watch->before != nullptr) tell_before(recipients_[i], original, access);
  return STATUS_SUCCESS;
}

void HandleNotice::after(NTSTATUS status, ACCESS_MASK granted) noexcept {
  for (ULONG i = count_; i-- > 0;) {
    Recipient const& recipient = recipients_[i];
    if (recipient.watch->after == nullptr) continue;
    OB_POST_OPERATION_PARAMETERS parameters{};
    parameters.CreateHandleInformation.GrantedAccess = NT_SUCCESS(status) ? granted : 0;
    OB_POST_OPERATION_INFORMATION information{};
    information.Operation = what_;
    information.KernelHandle = operation_.kernel_handle ? 1 : 0;
    information.Object = operation_.object.body();
    information.ObjectType = operation_.object.type;
    information.CallContext = recipient.call_context;
    information.ReturnStatus = status;
    information.Parameters = &parameters;
    recipient.watch->after(recipient.registration->context, &information);
  }
}

}  // namespace mica::ob
