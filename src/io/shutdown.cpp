#include "io/shutdown.hpp"

#include "base/list.hpp"
#include "io/device.hpp"
#include "io/request.hpp"
#include "ob/header.hpp"

namespace mica::io {
namespace {

enum class Chance : unsigned { usual, last };

struct Registered {
  LIST_ENTRY entry;
  PDEVICE_OBJECT device;  // referenced
};

NTSTATUS NTAPI register_device(DEVICE_OBJECT& device, Chance chance) noexcept {
  auto* const registered = static_cast<Registered*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Registered), tag_registered));
  if (registered == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  ObfReferenceObject(&device);
  registered->device = &device;
  ke::SpinGuard guard{state().device_lock};
  device.Flags |= DO_SHUTDOWN_REGISTERED;
  list_prepend(state().shutdown[static_cast<unsigned>(chance)], registered->entry);
  return STATUS_SUCCESS;
}

void NTAPI discard(LIST_ENTRY* entry) noexcept {
  Registered& registered = MICA_CONTAINING(*entry, Registered, entry);
  ObfDereferenceObject(registered.device);
  ExFreePoolWithTag(&registered, tag_registered);
}

// One that this device registered, off its list; null: there is none.
LIST_ENTRY* NTAPI take_of(DEVICE_OBJECT& device) noexcept {
  ke::SpinGuard guard{state().device_lock};
  for (LIST_ENTRY& list : state().shutdown)
    for (LIST_ENTRY* entry = list.Flink; entry != &list; entry = entry->Flink)
      if (MICA_CONTAINING(*entry, Registered, entry).device == &device) {
        list_remove(*entry);
        return entry;
      }
  device.Flags &= ~ULONG{DO_SHUTDOWN_REGISTERED};
  return nullptr;
}

LIST_ENTRY* NTAPI take_first(LIST_ENTRY& list) noexcept {
  ke::SpinGuard guard{state().device_lock};
  return list_pop_front(list);
}

[[nodiscard]] bool NTAPI tell(DEVICE_OBJECT& registered) noexcept {
  ob::Reference const top{&reference_top(registered)};
  auto& device = *static_cast<PDEVICE_OBJECT>(top.get());
  IRP* const irp = make_request(device, IRP_MJ_SHUTDOWN, owner::waiter);
  if (irp == nullptr) return false;
  static_cast<void>(send_and_wait(device, *irp));
  return true;
}

}  // namespace

ULONG NTAPI shut_down() noexcept {
  ULONG untold = 0;
  for (LIST_ENTRY& list : state().shutdown)
    while (LIST_ENTRY* const entry = take_first(list)) {
      if (!tell(*MICA_CONTAINING(*entry, Registered, entry).device)) ++untold;
      discard(entry);
    }
  return untold;
}

}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject) {
  return register_device(*DeviceObject, Chance::usual);
}

NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject) {
  return register_device(*DeviceObject, Chance::last);
}

VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject) {
  while (LIST_ENTRY* const entry = take_of(*DeviceObject)) discard(entry);
}
