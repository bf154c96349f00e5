#include "pnp/notification.hpp"

#include "base/list.hpp"
#include "trace/callback.hpp"

namespace mica::pnp {
namespace {

void NTAPI end(Registration& registration) noexcept {
  NodeReference const node{registration.node};
  PDRIVER_OBJECT const driver = registration.driver;
  ExFreePoolWithTag(&registration, tag_registration);
  ObfDereferenceObject(driver);
}

// Under State::lock. True: it is in no list any more, and to be ended.
[[nodiscard]] bool drop(Registration& registration) noexcept {
  if (--registration.references != 0) return false;
  list_remove(registration.entry);
  return true;
}

[[nodiscard]] bool begin(Registration& registration) noexcept {
  ke::SpinGuard guard{state().lock};
  registration.runs = !registration.is_cancelled;
  return registration.runs;
}

void finish(Registration& registration) noexcept {
  bool is_cancelled = false;
  {
    ke::SpinGuard guard{state().lock};
    registration.runs = false;
    is_cancelled = registration.is_cancelled;
  }
  if (is_cancelled) KeSetEvent(&registration.idle, IO_NO_INCREMENT, FALSE);
}

}  // namespace

void NTAPI enlist(Registration& registration) noexcept {
  KeInitializeEvent(&registration.idle, NotificationEvent, FALSE);
  registration.references = 1;
  ke::SpinGuard guard{state().lock};
  list_append(state().registrations, registration.entry);
}

Registration* NTAPI next(Registration* before) noexcept {
  State& pnp = state();
  Registration* found = nullptr;
  bool ended = false;
  {
    ke::SpinGuard guard{pnp.lock};
    LIST_ENTRY* const entry = before != nullptr ? before->entry.Flink : pnp.registrations.Flink;
    if (entry != &pnp.registrations) {
      found = &MICA_CONTAINING(*entry, Registration, entry);
      ++found->references;
    }
    if (before != nullptr) ended = drop(*before);
  }
  if (ended) end(*before);
  return found;
}

NTSTATUS NTAPI call(Registration& registration, void* notification) noexcept {
  if (!begin(registration)) return STATUS_SUCCESS;
  NTSTATUS const status = trace::call(ke::listener(), trace::Callback::notification,
                                      registration.callback, notification, registration.context);
  finish(registration);
  return status;
}

void NTAPI notify_of_interface(Registration& registration, GUID const& event,
                               Arrival const& arrival) noexcept {
  UNICODE_STRING name = arrival.name;
  DEVICE_INTERFACE_CHANGE_NOTIFICATION notification{1, sizeof notification, event,
                                                    arrival.class_guid, &name};
  static_cast<void>(call(registration, &notification));
}

void NTAPI notify_of_interface(GUID const& event, Arrival const& arrival) noexcept {
  for_each_registration([&](Registration& each) noexcept {
    if (each.category == EventCategoryDeviceInterfaceChange &&
        __builtin_memcmp(&each.class_guid, &arrival.class_guid, sizeof(GUID)) == 0)
      notify_of_interface(each, event, arrival);
  });
}

void NTAPI cancel(Registration& registration, Waits waits) noexcept {
  bool runs = false;
  {
    ke::SpinGuard guard{state().lock};
    registration.is_cancelled = true;
    runs = registration.runs;
  }
  if (runs && waits == Waits::yes && !is_worker())
    KeWaitForSingleObject(&registration.idle, Executive, KernelMode, FALSE, nullptr);
  bool ended = false;
  {
    ke::SpinGuard guard{state().lock};
    ended = drop(registration);
  }
  if (ended) end(registration);
}

}  // namespace mica::pnp
