#include "pnp/target.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "pnp/notification.hpp"
#include "trace/callback.hpp"

namespace mica::pnp {
namespace {

constexpr ULONG tag_report = ob::pool_tag("PpRp");

[[nodiscard]] constexpr GUID event_of(ULONG first) noexcept {
  return {first, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
}

constexpr GUID query_remove = event_of(0xcb3a4006), remove_cancelled = event_of(0xcb3a4007),
               remove_complete = event_of(0xcb3a4008);
// What plug and play itself tells of.
constexpr ULONG first_own = 0xcb3a4001, last_own = 0xcb3a4008;

template <class Use>
void for_each_watcher(Node& node, Use use) noexcept {
  for_each_registration([&](Registration& each) noexcept {
    if (each.node == &node) use(each);
  });
}

[[nodiscard]] NTSTATUS tell(Registration& watcher, GUID const& event) noexcept {
  TARGET_DEVICE_REMOVAL_NOTIFICATION notification{1, sizeof notification, event, watcher.file};
  return call(watcher, &notification);
}

// Everybody has a structure of the reporter's, with the own file.
void NTAPI report(Node& node, TARGET_DEVICE_CUSTOM_NOTIFICATION& notification) noexcept {
  for_each_watcher(node, [&notification](Registration& each) noexcept {
    notification.FileObject = each.file;
    static_cast<void>(call(each, &notification));
  });
  notification.FileObject = nullptr;
}

[[nodiscard]] bool is_own(GUID const& event) noexcept {
  GUID const same = event_of(event.Data1);
  return event.Data1 >= first_own && event.Data1 <= last_own &&
         std::memcmp(&same, &event, sizeof(GUID)) == 0;
}

[[nodiscard]] NTSTATUS check(TARGET_DEVICE_CUSTOM_NOTIFICATION const& notification) noexcept {
  if (notification.Version != 1 ||
      notification.Size < offsetof(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer))
    return STATUS_INVALID_PARAMETER;
  return is_own(notification.Event) ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS;
}

// A report that nobody waits for; the reporter's structure follows.
struct Report {
  Action action;
  Node* node;  // referenced
  PDEVICE_CHANGE_COMPLETE_CALLBACK callback;
  PVOID context;
};

void NTAPI deliver(Action& action) {
  Report& made = MICA_CONTAINING(action, Report, action);
  NodeReference const node{made.node};
  report(*node, *reinterpret_cast<TARGET_DEVICE_CUSTOM_NOTIFICATION*>(&made + 1));
  PDEVICE_CHANGE_COMPLETE_CALLBACK const callback = made.callback;
  PVOID const context = made.context;
  ExFreePoolWithTag(&made, tag_report);
  if (callback != nullptr)
    trace::call(ke::listener(), trace::Callback::change_complete, callback, context);
}

}  // namespace

NTSTATUS NTAPI ask_to_remove(Node& node) noexcept {
  NTSTATUS status = STATUS_SUCCESS;
  for_each_watcher(node, [&status](Registration& each) noexcept {
    if (!NT_SUCCESS(status)) return;
    each.was_asked = true;
    status = tell(each, query_remove);
  });
  return status;
}

void NTAPI tell_it_stays(Node& node) noexcept {
  for_each_watcher(node, [](Registration& each) noexcept {
    if (std::exchange(each.was_asked, false)) static_cast<void>(tell(each, remove_cancelled));
  });
}

void NTAPI tell_it_is_gone(Node& node) noexcept {
  for_each_watcher(
      node, [](Registration& each) noexcept { static_cast<void>(tell(each, remove_complete)); });
}

}  // namespace mica::pnp

using namespace mica::pnp;

NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject,
                                          PVOID NotificationStructure) {
  auto& notification = *static_cast<TARGET_DEVICE_CUSTOM_NOTIFICATION*>(NotificationStructure);
  NodeReference const node = find_physical(*PhysicalDeviceObject);
  NTSTATUS const status = check(notification);
  if (!NT_SUCCESS(status)) return status;
  if (!node) return STATUS_INVALID_DEVICE_REQUEST;
  return perform([&]() noexcept {
    report(*node, notification);
    return STATUS_SUCCESS;
  });
}

NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject,
                                                      PVOID NotificationStructure,
                                                      PDEVICE_CHANGE_COMPLETE_CALLBACK Callback,
                                                      PVOID Context) {
  auto const& notification =
      *static_cast<TARGET_DEVICE_CUSTOM_NOTIFICATION const*>(NotificationStructure);
  NodeReference node = find_physical(*PhysicalDeviceObject);
  NTSTATUS const status = check(notification);
  if (!NT_SUCCESS(status)) return status;
  if (!node) return STATUS_INVALID_DEVICE_REQUEST;
  auto* const made = static_cast<Report*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Report) + notification.Size, tag_report));
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  made->action.routine = deliver;
  made->callback = Callback;
  made->context = Context;
  std::memcpy(made + 1, &notification, notification.Size);
  made->node = node.release();
  queue(made->action);
  return STATUS_SUCCESS;
}
