// A device whose driver has a StartIo routine, for the cases of IoStartPacket.
#pragma once

#include "held_irp.hpp"

namespace mica::test {

// A device that notes what StartIo gets.
class Starter {
 public:
  static constexpr int most = 8;
  PIRP got[most]{};
  int count = 0;
  KIRQL level = PASSIVE_LEVEL;
  int depth = 0;
  int deepest = 0;
  bool had_cancel_routine = false;
  bool goes_on = false;  // StartIo completes the IRP and starts the next at once
  int cancelled = 0;
  KIRQL cancel_level = HIGH_LEVEL;  // that the cancel routine goes back to

  explicit Starter(Driver& driver) noexcept : device_{driver.make<Starter*>()} {
    *static_cast<Starter**>(device_->DeviceExtension) = this;
    driver->DriverStartIo = start_io;
  }
  operator PDEVICE_OBJECT() const noexcept { return device_; }
  PDEVICE_OBJECT operator->() const noexcept { return device_; }

  void next(BOOLEAN cancelable = FALSE) noexcept {
    AtLevel const dispatch{DISPATCH_LEVEL};
    IoStartNextPacket(device_, cancelable);
  }
  void finish(PIRP irp) noexcept { complete(irp, STATUS_SUCCESS); }

  static void NTAPI cancel(PDEVICE_OBJECT device, PIRP irp) {
    Starter& self = of(device);
    ++self.cancelled;
    self.cancel_level = irp->CancelIrql;
    if (irp == device->CurrentIrp) {
      IoReleaseCancelSpinLock(irp->CancelIrql);
      self.next(TRUE);
    } else {
      MICA_CHECK(KeRemoveEntryDeviceQueue(&device->DeviceQueue,
                                          &irp->Tail.Overlay.DeviceQueueEntry) != FALSE);
      IoReleaseCancelSpinLock(irp->CancelIrql);
    }
    complete(irp, STATUS_CANCELLED);
  }

 private:
  static Starter& of(PDEVICE_OBJECT device) noexcept {
    return **static_cast<Starter**>(device->DeviceExtension);
  }
  static void NTAPI start_io(PDEVICE_OBJECT device, PIRP irp) {
    Starter& self = of(device);
    MICA_CHECK(device->CurrentIrp == irp);
    if (++self.depth > self.deepest) self.deepest = self.depth;
    self.got[self.count++] = irp;
    self.level = KeGetCurrentIrql();
    self.had_cancel_routine = irp->CancelRoutine != nullptr;
    if (self.goes_on) {
      complete(irp, STATUS_SUCCESS);
      IoStartNextPacket(device, FALSE);
    }
    --self.depth;
  }

  PDEVICE_OBJECT device_;
};

}  // namespace mica::test
