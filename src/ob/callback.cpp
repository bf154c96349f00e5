// Registrations.                                        [MSDN ObRegisterCallbacks, OB_OPERATION...]
#include "ob/callback.hpp"

#include <cstring>

#include "base/list.hpp"
#include "ke/verifier.hpp"
#include "ob/state.hpp"
#include "rtl/altitude.hpp"

namespace mica::ob {
namespace {

constexpr OB_OPERATION all_operations = OB_OPERATION_HANDLE_CREATE | OB_OPERATION_HANDLE_DUPLICATE;

[[nodiscard]] bool NTAPI is_valid(OB_OPERATION_REGISTRATION const& asked) noexcept {
  return asked.ObjectType != nullptr && *asked.ObjectType != nullptr &&
         (*asked.ObjectType)->removable_access != 0 && asked.Operations != 0 &&
         (asked.Operations & ~all_operations) == 0 &&
         (asked.PreOperation != nullptr || asked.PostOperation != nullptr);
}

[[nodiscard]] bool NTAPI is_valid(OB_CALLBACK_REGISTRATION const& asked) noexcept {
  if (asked.Version != OB_FLT_REGISTRATION_VERSION || asked.OperationRegistrationCount == 0 ||
      !rtl::is_altitude(asked.Altitude))
    return false;
  for (USHORT i = 0; i < asked.OperationRegistrationCount; ++i)
    if (!is_valid(asked.OperationRegistration[i])) return false;
  return true;
}

// Out of line: a copy saves vector registers, for which its caller need not.
[[nodiscard, gnu::noinline]] Registration* NTAPI make(
    OB_CALLBACK_REGISTRATION const& asked) noexcept {
  ULONG const count = asked.OperationRegistrationCount;
  std::size_t const bytes = sizeof(Registration) + count * sizeof(Watch) + asked.Altitude.Length;
  auto* const registration =
      static_cast<Registration*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag_callback));
  if (registration == nullptr) return nullptr;
  registration->context = asked.RegistrationContext;
  registration->watch_count = count;
  Watch* const watches = registration->watches();
  for (ULONG i = 0; i < count; ++i) {
    OB_OPERATION_REGISTRATION const& from = asked.OperationRegistration[i];
    watches[i] = {*from.ObjectType, from.Operations, from.PreOperation, from.PostOperation};
  }
  registration->altitude = {asked.Altitude.Length, asked.Altitude.Length,
                            reinterpret_cast<WCHAR*>(watches + count)};
  std::memcpy(registration->altitude.Buffer, asked.Altitude.Buffer, asked.Altitude.Length);
  return registration;
}

// False: another has its altitude.
[[nodiscard]] bool NTAPI enter(Callbacks& callbacks, Registration& registration) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  LIST_ENTRY* below = callbacks.registrations.Flink;
  for (; below != &callbacks.registrations; below = below->Flink) {
    Registration const& there = MICA_CONTAINING(*below, Registration, entry);
    int const higher = rtl::compare_altitudes(there.altitude, registration.altitude);
    if (higher == 0) return false;
    if (higher < 0) break;
  }
  list_insert_between(*below->Blink, registration.entry, *below);
  callbacks.count.fetch_add(1, std::memory_order_relaxed);
  return true;
}

// From here on no operation begins with it.
void NTAPI retire(Callbacks& callbacks, Registration& registration, KEVENT& over) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  list_remove(registration.entry);
  registration.over = &over;
  callbacks.count.fetch_sub(1, std::memory_order_relaxed);
}

[[nodiscard]] bool NTAPI is_used(Callbacks& callbacks, Registration const& registration) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  return registration.uses != 0;
}

}  // namespace

void NTAPI initialize_callbacks(Callbacks& callbacks) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  list_initialize(callbacks.registrations);
}

// Who waits for the uses has the registration until it has had the lock again.
void NTAPI end_use(Callbacks& callbacks, Registration& registration) noexcept {
  ke::SpinGuard guard{callbacks.lock};
  if (--registration.uses == 0 && registration.over != nullptr)
    KeSetEvent(registration.over, 0, FALSE);
}

}  // namespace mica::ob

using namespace mica;
using namespace mica::ob;

NTSTATUS NTAPI ObRegisterCallbacks(POB_CALLBACK_REGISTRATION CallbackRegistration,
                                   PVOID* RegistrationHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, CallbackRegistration);
  if (!is_valid(*CallbackRegistration)) return STATUS_INVALID_PARAMETER;
  Registration* const registration = make(*CallbackRegistration);
  if (registration == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  // Its routines may be called as soon as it is entered, and take it back.
  *RegistrationHandle = registration;
  if (!enter(state().callbacks, *registration)) {
    *RegistrationHandle = nullptr;
    ExFreePoolWithTag(registration, tag_callback);
    return STATUS_FLT_INSTANCE_ALTITUDE_COLLISION;
  }
  return STATUS_SUCCESS;
}

VOID NTAPI ObUnRegisterCallbacks(PVOID RegistrationHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(APC_LEVEL, RegistrationHandle);
  Callbacks& callbacks = state().callbacks;
  auto& registration = *static_cast<Registration*>(RegistrationHandle);
  KEVENT over;
  KeInitializeEvent(&over, SynchronizationEvent, FALSE);
  retire(callbacks, registration, over);
  while (is_used(callbacks, registration))
    static_cast<void>(KeWaitForSingleObject(&over, Executive, KernelMode, FALSE, nullptr));
  ExFreePoolWithTag(&registration, tag_callback);
}

USHORT NTAPI ObGetFilterVersion() {
  return OB_FLT_REGISTRATION_VERSION;
}
