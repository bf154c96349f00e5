// Events that drivers share by name.
//                                   [MSDN IoCreateNotificationEvent, IoCreateSynchronizationEvent]
#include <nt/io.h>
#include <nt/zw.h>

#include "ke/verifier.hpp"

namespace {

PKEVENT NTAPI open_or_make(UNICODE_STRING* name, EVENT_TYPE type, HANDLE* handle) noexcept {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, name, OBJ_OPENIF | OBJ_KERNEL_HANDLE, nullptr, nullptr);
  NTSTATUS status = ZwCreateEvent(handle, EVENT_ALL_ACCESS, &attributes, type, TRUE);
  void* event = nullptr;
  if (NT_SUCCESS(status))
    status = ObReferenceObjectByHandle(*handle, 0, *ExEventObjectType, KernelMode, &event, nullptr);
  if (!NT_SUCCESS(status)) return nullptr;
  ObDereferenceObject(event);  // the handle holds it
  return static_cast<PKEVENT>(event);
}

}  // namespace

PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EventName);
  return open_or_make(EventName, NotificationEvent, EventHandle);
}

PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, EventName);
  return open_or_make(EventName, SynchronizationEvent, EventHandle);
}
