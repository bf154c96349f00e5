// Events as objects.                           [MSDN ZwCreateEvent, ZwOpenEvent, ZwSetEvent; wdm.h]
#include "ex/event.hpp"

#include <nt/zw.h>

#include "ex/state.hpp"
#include "ke/verifier.hpp"
#include "ob/header.hpp"

namespace mica::ex {
namespace {

// Does to the event of a handle what one of Ke's routines does, which returns its state before.
template <class Change>
[[nodiscard]] NTSTATUS NTAPI change(HANDLE handle, LONG* previous, Change change_event) noexcept {
  void* object = nullptr;
  NTSTATUS const status = ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, state().event_type,
                                                    KernelMode, &object, nullptr);
  if (!NT_SUCCESS(status)) return status;
  ob::Reference const held{object};
  LONG const before = change_event(static_cast<PKEVENT>(object));
  if (previous != nullptr) *previous = before;
  return STATUS_SUCCESS;
}

}  // namespace

ob::TypeOptions event_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"Event";
  options.mapping = {STANDARD_RIGHTS_READ | EVENT_QUERY_STATE,
                     STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
                     STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, EVENT_ALL_ACCESS};
  options.valid_access = EVENT_ALL_ACCESS;
  options.tag = ob::pool_tag("Even");
  options.dispatcher_offset = 0;
  return options;
}

}  // namespace mica::ex

using namespace mica;
using namespace mica::ex;

NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EventHandle);
  *EventHandle = nullptr;
  if (EventType != NotificationEvent && EventType != SynchronizationEvent)
    return STATUS_INVALID_PARAMETER_4;
  void* object = nullptr;
  NTSTATUS const status = ObCreateObject(KernelMode, state().event_type, ObjectAttributes,
                                         KernelMode, nullptr, sizeof(KEVENT), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  KeInitializeEvent(static_cast<PKEVENT>(object), EventType, InitialState);
  return ObInsertObject(object, nullptr, DesiredAccess, 0, nullptr, EventHandle);
}

NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EventHandle);
  return ObOpenObjectByName(ObjectAttributes, state().event_type, KernelMode, nullptr,
                            DesiredAccess, nullptr, EventHandle);
}

// A thread that an event lets go on is boosted by 1.                               [WI7 p1 ch4]
NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EventHandle);
  return change(EventHandle, PreviousState,
                [](PKEVENT event) { return KeSetEvent(event, EVENT_INCREMENT, FALSE); });
}

NTSTATUS NTAPI ZwResetEvent(HANDLE EventHandle, PLONG PreviousState) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EventHandle);
  return change(EventHandle, PreviousState, [](PKEVENT event) { return KeResetEvent(event); });
}

NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EventHandle);
  return change(EventHandle, nullptr, [](PKEVENT event) { return KeResetEvent(event); });
}

NTSTATUS NTAPI ZwPulseEvent(HANDLE EventHandle, PLONG PreviousState) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EventHandle);
  return change(EventHandle, PreviousState,
                [](PKEVENT event) { return KePulseEvent(event, EVENT_INCREMENT, FALSE); });
}
