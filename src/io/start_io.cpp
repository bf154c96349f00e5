// StartIo: one IRP at a time for a device.                  [MSDN IoStartPacket, IoStartNextPacket]
//   The device queue says whether the device is busy, and holds who waits. With cancel routines all
//   this happens under the cancel lock: so a cancel routine finds an IRP either in the queue or as
//   CurrentIrp.
#include "io/device.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::io;

namespace {

// Under the cancel lock for a scope, if at all. At DISPATCH_LEVEL.
class [[nodiscard]] CancelGuard {
 public:
  explicit CancelGuard(bool locks) noexcept MICA_NO_ANALYSIS : locks_{locks} {
    if (locks_) state().cancel_lock.lock_at_dispatch();
  }
  ~CancelGuard() MICA_NO_ANALYSIS {
    if (locks_) state().cancel_lock.unlock_at_dispatch();
  }
  CancelGuard(CancelGuard const&) = delete;
  CancelGuard& operator=(CancelGuard const&) = delete;
  void leave_to_cancel_routine() noexcept { locks_ = false; }

 private:
  bool locks_;
};

KDEVICE_QUEUE_ENTRY& entry_of(IRP& irp) noexcept {
  return irp.Tail.Overlay.DeviceQueueEntry;
}

// StartIo will have it. Under the cancel lock if the IRP has a cancel routine.
void NTAPI make_current(DEVICE_OBJECT& device, IRP& irp) noexcept {
  device.CurrentIrp = &irp;
  if (extension_of(device).starting.noncancelable)
    static_cast<void>(IoSetCancelRoutine(&irp, nullptr));
}

// Null: the device is idle, and may be somebody else's already.
PIRP NTAPI take_next(DEVICE_OBJECT& device, Start const& start) noexcept {
  CancelGuard guard{start.cancelable};
  device.CurrentIrp = nullptr;
  PKDEVICE_QUEUE_ENTRY const entry = start.by_key
                                         ? KeRemoveByKeyDeviceQueue(&device.DeviceQueue, start.key)
                                         : KeRemoveDeviceQueue(&device.DeviceQueue);
  if (entry == nullptr) return nullptr;
  PIRP const irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
  make_current(device, *irp);
  return irp;
}

void NTAPI perform(DEVICE_OBJECT& device, Start const& start) noexcept {
  PIRP const irp = start.irp != nullptr ? start.irp : take_next(device, start);
  if (irp != nullptr) device.DriverObject->DriverStartIo(&device, irp);
}

// Calls StartIo, or leaves that to whoever is in it. A device works at one IRP, so at most one call
// is to come besides the one that runs; it is read before that one begins.
void NTAPI begin(DEVICE_OBJECT& device, Start const& start) noexcept {
  Starting& starting = extension_of(device).starting;
  if (!starting.deferred) return perform(device, start);
  starting.later = start;
  if (starting.owed.fetch_add(1, std::memory_order_acq_rel) != 0) return;
  ObfReferenceObject(&device);  // an IRP that StartIo completes may be what kept it
  do {
    Start const now = starting.later;
    perform(device, now);
  } while (starting.owed.fetch_sub(1, std::memory_order_acq_rel) != 1);
  ObfDereferenceObject(&device);
}

// Whether the IRP waits in the queue, or was cancelled there; else it is the device's CurrentIrp.
bool NTAPI queue(DEVICE_OBJECT& device, IRP& irp, ULONG const* key,
                 PDRIVER_CANCEL cancel) noexcept {
  CancelGuard guard{cancel != nullptr};
  if (cancel != nullptr) static_cast<void>(IoSetCancelRoutine(&irp, cancel));
  BOOLEAN const waits = key != nullptr
                            ? KeInsertByKeyDeviceQueue(&device.DeviceQueue, &entry_of(irp), *key)
                            : KeInsertDeviceQueue(&device.DeviceQueue, &entry_of(irp));
  if (waits == FALSE) {
    make_current(device, irp);
    return false;
  }
  // Without a cancel routine it may be complete by now.
  if (cancel == nullptr || !is_cancelled(irp)) return true;
  if (IoSetCancelRoutine(&irp, nullptr) == nullptr) return true;
  irp.CancelIrql = DISPATCH_LEVEL;
  guard.leave_to_cancel_routine();
  cancel(&device, &irp);
  return true;
}

void NTAPI require_dispatch(DEVICE_OBJECT const& device, void const* caller) noexcept {
  KIRQL const level = Machine::irql();
  if (level < DISPATCH_LEVEL) [[unlikely]]
    ke::bugcheck(IRQL_NOT_GREATER_OR_EQUAL, ke::as_parameter(&device), level, 0,
                 ke::as_parameter(caller));
  ke::require_irql_at_most(DISPATCH_LEVEL, &device, caller);
}

}  // namespace

VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key,
                         PDRIVER_CANCEL CancelFunction) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, DeviceObject);
  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  if (!queue(*DeviceObject, *Irp, Key, CancelFunction)) begin(*DeviceObject, {.irp = Irp});
  Machine::lower(old);
}

VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable) {
  require_dispatch(*DeviceObject, __builtin_return_address(0));
  begin(*DeviceObject, {.cancelable = Cancelable != FALSE});
}

VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key) {
  require_dispatch(*DeviceObject, __builtin_return_address(0));
  begin(*DeviceObject, {.cancelable = Cancelable != FALSE, .by_key = true, .key = Key});
}

VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo,
                                  BOOLEAN NonCancelable) {
  Starting& starting = extension_of(*DeviceObject).starting;
  starting.deferred = DeferredStartIo != FALSE;
  starting.noncancelable = NonCancelable != FALSE;
}
