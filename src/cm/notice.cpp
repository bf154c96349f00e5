#include "cm/notice.hpp"

#include "base/list.hpp"

namespace mica::cm {
namespace {

// Whose routine this thread runs; null: none's. Who is not below it is not told.
[[nodiscard]] Registration const* caller_of(Callbacks& callbacks) noexcept
    MICA_REQUIRES(callbacks.lock) {
  for (LIST_ENTRY* entry = callbacks.calls.Flink; entry != &callbacks.calls; entry = entry->Flink) {
    Call const& call = MICA_CONTAINING(*entry, Call, entry);
    if (call.thread == &ke::current_thread()) return call.registration;
  }
  return nullptr;
}

}  // namespace

Notice::~Notice() {
  for (ULONG i = 0; i < count_; ++i) dereference(*recipients_[i].registration);
  if (recipients_ != nullptr) ExFreePoolWithTag(recipients_, tag_callback);
}

bool NTAPI Notice::gather(Callbacks& callbacks) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  Registration const* const caller = caller_of(callbacks);
  ULONG const most = callbacks.count.load(std::memory_order_relaxed);
  if (most == 0) return true;
  recipients_ = static_cast<Recipient*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, most * sizeof(Recipient), tag_callback));
  if (recipients_ == nullptr) return false;
  LIST_ENTRY* entry = callbacks.registrations.Flink;
  for (; entry != &callbacks.registrations; entry = entry->Flink) {
    Registration& registration = MICA_CONTAINING(*entry, Registration, entry);
    if (caller != nullptr && !is_above(*caller, registration)) continue;
    ++registration.references;
    recipients_[count_++] = {&registration, nullptr, false};
  }
  return true;
}

// The structure as that recipient sees it.
void Notice::choose(Recipient const& recipient, Key* key) noexcept {
  Callbacks& callbacks = state().callbacks;
  ke::SpinGuard guard{callbacks.lock};
  *information_.call_context = recipient.call_context;
  *information_.object_context =
      key != nullptr ? context_of(callbacks, *key, *recipient.registration) : nullptr;
}

NTSTATUS Notice::before(Key& key) noexcept {
  if (!gather(state().callbacks)) return STATUS_INSUFFICIENT_RESOURCES;
  for (; heard_ < count_; ++heard_) {
    Recipient& recipient = recipients_[heard_];
    choose(recipient, &key);
    NTSTATUS status = STATUS_SUCCESS;
    recipient.told = call(*recipient.registration, {classes_.before, information_.all}, &status);
    recipient.call_context = *information_.call_context;
    if (recipient.told && !NT_SUCCESS(status)) return status;
  }
  return STATUS_SUCCESS;
}

NTSTATUS Notice::after(NTSTATUS status, Key* key) noexcept {
  for (ULONG i = heard_; i-- > 0;) {
    Recipient const& recipient = recipients_[i];
    if (!recipient.told) continue;
    choose(recipient, key);
    REG_POST_OPERATION_INFORMATION information{};
    information.Object = key;
    information.Status = information.ReturnStatus = status;
    information.PreInformation = information_.all;
    information.CallContext = recipient.call_context;
    information.ObjectContext = *information_.object_context;
    NTSTATUS answer = STATUS_SUCCESS;
    if (call(*recipient.registration, {classes_.after, &information}, &answer) &&
        answer == STATUS_CALLBACK_BYPASS)
      status = information.ReturnStatus;
  }
  return status;
}

}  // namespace mica::cm
