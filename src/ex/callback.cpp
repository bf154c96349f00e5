// Callback objects.                [MSDN ExCreateCallback, ExRegisterCallback, ExNotifyCallback]
#include "ex/callback.hpp"

#include <nt/zw.h>

#include "base/list.hpp"
#include "ex/state.hpp"
#include "ke/verifier.hpp"

namespace mica::ex {
namespace {

constexpr ACCESS_MASK modify_state = 1;
constexpr ACCESS_MASK all_access = STANDARD_RIGHTS_ALL | modify_state;

// The object behind a handle, referenced instead of it.
[[nodiscard]] NTSTATUS keep_object(HANDLE handle, PCALLBACK_OBJECT* object) noexcept {
  NTSTATUS const status = ObReferenceObjectByHandle(handle, 0, state().callback_type, KernelMode,
                                                    reinterpret_cast<PVOID*>(object), nullptr);
  NTSTATUS const closed = ZwClose(handle);
  return NT_SUCCESS(status) ? closed : status;
}

// Whoever enters the name first made the object; the others find it.
[[nodiscard]] NTSTATUS create(OBJECT_ATTRIBUTES attributes, bool allows_many,
                              HANDLE* handle) noexcept {
  attributes.Attributes |= OBJ_OPENIF;
  void* object = nullptr;
  NTSTATUS const status = ObCreateObject(KernelMode, state().callback_type, &attributes, KernelMode,
                                         nullptr, sizeof(CALLBACK_OBJECT), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  auto& callback = *static_cast<PCALLBACK_OBJECT>(object);
  {
    ke::SpinGuard guard{callback.lock};
    list_initialize(callback.registrations);
  }
  callback.allows_many = allows_many;
  return ObInsertObject(object, nullptr, all_access, 0, nullptr, handle);
}

[[nodiscard]] Registration& registration_of(LIST_ENTRY& entry) noexcept {
  return MICA_CONTAINING(entry, Registration, entry);
}

// The first at or behind `entry` that is not about to be taken back; a call of it begins. Null:
// there is none.
[[nodiscard]] Registration* NTAPI begin_call(CALLBACK_OBJECT& object, LIST_ENTRY* entry) noexcept
    MICA_REQUIRES(object.lock) {
  for (; entry != &object.registrations; entry = entry->Flink) {
    Registration& registration = registration_of(*entry);
    if (registration.over != nullptr) continue;
    ++registration.calls;
    return &registration;
  }
  return nullptr;
}

[[nodiscard]] Registration* NTAPI first_call(CALLBACK_OBJECT& object) noexcept {
  ke::SpinGuard guard{object.lock};
  return begin_call(object, object.registrations.Flink);
}

// The call of `done` has returned. The event lives until its waiter has had the lock.
[[nodiscard]] Registration* NTAPI next_call(CALLBACK_OBJECT& object, Registration& done) noexcept {
  ke::SpinGuard guard{object.lock};
  Registration* const next = begin_call(object, done.entry.Flink);
  if (--done.calls == 0 && done.over != nullptr) KeSetEvent(done.over, 0, FALSE);
  return next;
}

// From here on nobody begins a call. Whether one goes on still.
[[nodiscard]] bool NTAPI retire(CALLBACK_OBJECT& object, Registration& registration,
                                KEVENT& over) noexcept {
  ke::SpinGuard guard{object.lock};
  registration.over = &over;
  return registration.calls != 0;
}

void NTAPI unlink(CALLBACK_OBJECT& object, Registration& registration) noexcept {
  ke::SpinGuard guard{object.lock};
  list_remove(registration.entry);
}

// False: there is one, and may be no other.
[[nodiscard]] bool NTAPI link(CALLBACK_OBJECT& object, Registration& registration) noexcept {
  ke::SpinGuard guard{object.lock};
  if (!object.allows_many && !list_empty(object.registrations)) return false;
  list_append(object.registrations, registration.entry);
  return true;
}

}  // namespace

ob::TypeOptions callback_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"Callback";
  options.mapping = {STANDARD_RIGHTS_READ, STANDARD_RIGHTS_WRITE | modify_state,
                     STANDARD_RIGHTS_EXECUTE, all_access};
  options.valid_access = all_access;
  options.tag = tag_callback;
  return options;
}

}  // namespace mica::ex

using namespace mica;
using namespace mica::ex;

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT* CallbackObject,
                                POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                                BOOLEAN AllowMultipleCallbacks) {
  *CallbackObject = nullptr;
  UNICODE_STRING const* const name = ObjectAttributes->ObjectName;
  if (name == nullptr || name->Length == 0) return STATUS_UNSUCCESSFUL;
  HANDLE handle = nullptr;
  NTSTATUS status = ObOpenObjectByName(ObjectAttributes, state().callback_type, KernelMode, nullptr,
                                       0, nullptr, &handle);
  if (status == STATUS_OBJECT_NAME_NOT_FOUND && Create != FALSE)
    status = create(*ObjectAttributes, AllowMultipleCallbacks != FALSE, &handle);
  return NT_SUCCESS(status) ? keep_object(handle, CallbackObject) : status;
}

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                               PVOID CallbackContext) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, CallbackObject);
  auto* const registration = static_cast<Registration*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Registration), tag_registration));
  if (registration == nullptr) return nullptr;
  registration->object = CallbackObject;
  registration->routine = CallbackFunction;
  registration->context = CallbackContext;
  ObReferenceObject(CallbackObject);
  if (link(*CallbackObject, *registration)) return registration;
  ObDereferenceObject(CallbackObject);
  ExFreePoolWithTag(registration, tag_registration);
  return nullptr;
}

VOID NTAPI ExUnregisterCallback(PVOID CallbackRegistration) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, CallbackRegistration);
  auto* const registration = static_cast<Registration*>(CallbackRegistration);
  PCALLBACK_OBJECT const object = registration->object;
  KEVENT over;
  KeInitializeEvent(&over, SynchronizationEvent, FALSE);
  if (retire(*object, *registration, over))
    static_cast<void>(KeWaitForSingleObject(&over, Executive, KernelMode, FALSE, nullptr));
  unlink(*object, *registration);
  ExFreePoolWithTag(registration, tag_registration);
  ObDereferenceObject(object);
}

VOID NTAPI ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, CallbackObject);
  auto& object = *static_cast<PCALLBACK_OBJECT>(CallbackObject);
  Registration* registration = first_call(object);
  while (registration != nullptr) {
    mica::trace::call(mica::ke::listener(), mica::trace::Callback::callback_object,
                      registration->routine, registration->context, Argument1, Argument2);
    registration = next_call(object, *registration);
  }
}
