// Registrations.                      [MSDN CmRegisterCallback, CmRegisterCallbackEx, REGISTRY...]
#include "cm/callback.hpp"

#include <cstring>

#include "base/list.hpp"
#include "cm/state.hpp"
#include "ke/verifier.hpp"
#include "rtl/altitude.hpp"

namespace mica::cm {
namespace {

[[nodiscard]] Registration& registration_of(LIST_ENTRY& entry) noexcept {
  return MICA_CONTAINING(entry, Registration, entry);
}

[[nodiscard]] Registration* make(PEX_CALLBACK_FUNCTION routine, UNICODE_STRING const& altitude,
                                 void* context) noexcept {
  auto* const registration = static_cast<Registration*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Registration) + altitude.Length, tag_callback));
  if (registration == nullptr) return nullptr;
  registration->routine = routine;
  registration->context = context;
  registration->references = 1;
  list_initialize(registration->contexts);
  registration->altitude = {altitude.Length, altitude.Length,
                            reinterpret_cast<WCHAR*>(registration + 1)};
  if (altitude.Length != 0)
    std::memcpy(registration->altitude.Buffer, altitude.Buffer, altitude.Length);
  return registration;
}

// False: another has its altitude.
[[nodiscard]] bool NTAPI enter(Callbacks& callbacks, Registration& registration) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  registration.cookie = ++callbacks.last_cookie;
  LIST_ENTRY* below = callbacks.registrations.Flink;
  while (below != &callbacks.registrations && is_above(registration_of(*below), registration))
    below = below->Flink;
  if (below != &callbacks.registrations && !is_above(registration, registration_of(*below)))
    return false;
  list_insert_between(*below->Blink, registration.entry, *below);
  callbacks.count.fetch_add(1, std::memory_order_relaxed);
  return true;
}

[[nodiscard]] NTSTATUS add(PEX_CALLBACK_FUNCTION routine, UNICODE_STRING const& altitude,
                           void* context, LARGE_INTEGER* cookie) noexcept {
  Registration* const registration = make(routine, altitude, context);
  if (registration == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  // The routine may be called as soon as it is entered, and ask for its cookie.
  if (!enter(state().callbacks, *registration)) {
    ExFreePoolWithTag(registration, tag_callback);
    return STATUS_FLT_INSTANCE_ALTITUDE_COLLISION;
  }
  cookie->QuadPart = registration->cookie;
  return STATUS_SUCCESS;
}

// From here on nobody begins a call. Null: there is none of that cookie.
[[nodiscard]] Registration* NTAPI retire(Callbacks& callbacks, LONGLONG cookie,
                                         KEVENT& over) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  Registration* const registration = find_registration(callbacks, cookie);
  if (registration == nullptr) return nullptr;
  list_remove(registration->entry);
  registration->over = &over;
  callbacks.count.fetch_sub(1, std::memory_order_relaxed);
  return registration;
}

[[nodiscard]] bool NTAPI is_called(Callbacks& callbacks,
                                   Registration const& registration) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  return registration.calls != 0;
}

[[nodiscard]] bool NTAPI begin_if_there(Callbacks& callbacks, Registration& registration,
                                        Call& call) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  if (registration.over != nullptr) return false;
  begin_call(callbacks, registration, call);
  return true;
}

[[nodiscard]] bool NTAPI drop(Callbacks& callbacks, Registration& registration) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  return --registration.references == 0;
}

}  // namespace

void NTAPI initialize_callbacks(Callbacks& callbacks) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  list_initialize(callbacks.registrations);
  list_initialize(callbacks.calls);
}

bool NTAPI is_above(Registration const& upper, Registration const& lower) noexcept {
  bool const placed = upper.altitude.Length != 0;
  if (placed != (lower.altitude.Length != 0)) return placed;
  return placed ? rtl::compare_altitudes(upper.altitude, lower.altitude) > 0
                : upper.cookie < lower.cookie;
}

Registration* NTAPI find_registration(Callbacks& callbacks, LONGLONG cookie) noexcept {
  LIST_ENTRY* entry = callbacks.registrations.Flink;
  for (; entry != &callbacks.registrations; entry = entry->Flink)
    if (registration_of(*entry).cookie == cookie) return &registration_of(*entry);
  return nullptr;
}

void NTAPI begin_call(Callbacks& callbacks, Registration& registration, Call& call) noexcept {
  call.registration = &registration;
  call.thread = &ke::current_thread();
  list_prepend(callbacks.calls, call.entry);
  ++registration.calls;
}

// Who waits for the calls has the registration until it has had the lock again.
void NTAPI end_call(Call& call) noexcept {
  Callbacks& callbacks = state().callbacks;
  ke::SpinGuard guard{callbacks.lock};
  list_remove(call.entry);
  Registration& registration = *call.registration;
  if (--registration.calls == 0 && registration.over != nullptr)
    KeSetEvent(registration.over, 0, FALSE);
}

bool NTAPI call(Registration& registration, Notification const& notification,
                NTSTATUS* status) noexcept {
  Call running;
  if (!begin_if_there(state().callbacks, registration, running)) return false;
  *status = registration.routine(registration.context,
                                 reinterpret_cast<void*>(static_cast<ULONG_PTR>(notification.what)),
                                 notification.information);
  end_call(running);
  return true;
}

void NTAPI dereference(Registration& registration) noexcept {
  if (drop(state().callbacks, registration)) ExFreePoolWithTag(&registration, tag_callback);
}

}  // namespace mica::cm

using namespace mica;
using namespace mica::cm;

NTSTATUS NTAPI CmRegisterCallback(PEX_CALLBACK_FUNCTION Function, PVOID Context,
                                  PLARGE_INTEGER Cookie) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Cookie);
  return add(Function, {}, Context, Cookie);
}

NTSTATUS NTAPI CmRegisterCallbackEx(PEX_CALLBACK_FUNCTION Function, PCUNICODE_STRING Altitude,
                                    PVOID, PVOID Context, PLARGE_INTEGER Cookie, PVOID) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, Cookie);
  if (!rtl::is_altitude(*Altitude)) return STATUS_INVALID_PARAMETER;
  return add(Function, *Altitude, Context, Cookie);
}

NTSTATUS NTAPI CmUnRegisterCallback(LARGE_INTEGER Cookie) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, nullptr);
  Callbacks& callbacks = state().callbacks;
  KEVENT over;
  KeInitializeEvent(&over, SynchronizationEvent, FALSE);
  Registration* const registration = retire(callbacks, Cookie.QuadPart, over);
  if (registration == nullptr) return STATUS_INVALID_PARAMETER;
  // A key that ends meanwhile may give a context back too: that is a call to wait for.
  while (release_context(*registration)) continue;
  while (is_called(callbacks, *registration))
    static_cast<void>(KeWaitForSingleObject(&over, Executive, KernelMode, FALSE, nullptr));
  dereference(*registration);
  return STATUS_SUCCESS;
}

VOID NTAPI CmGetCallbackVersion(PULONG Major, PULONG Minor) {
  if (Major != nullptr) *Major = 1;
  if (Minor != nullptr) *Minor = 1;
}
