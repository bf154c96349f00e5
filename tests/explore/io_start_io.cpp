// I1 through StartIo: an IRP that waits for it is started or cancelled, and an idle device is
// nobody's.
#include "conformance/held_irp.hpp"
#include "crew.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

using mica::test::HeldIrp;

// A device whose StartIo completes what it gets and starts the next, unless it is to keep it.
class Starter {
 public:
  int started = 0, cancelled = 0;  // plain: one at a time
  PIRP kept = nullptr;

  explicit Starter(mica::test::Driver& driver) noexcept : device_{driver.make<Starter*>()} {
    *static_cast<Starter**>(device_->DeviceExtension) = this;
    driver->DriverStartIo = start_io;
  }
  operator PDEVICE_OBJECT() const noexcept { return device_; }
  PDEVICE_OBJECT operator->() const noexcept { return device_; }

  void put(PIRP irp) noexcept { IoStartPacket(device_, irp, nullptr, cancel); }
  void finish(PIRP irp) noexcept {
    mica::test::complete(irp, STATUS_SUCCESS);
    IoStartNextPacket(device_, TRUE);
  }
  void check_idle() const noexcept {
    MICA_CHECK(device_->CurrentIrp == nullptr && device_->DeviceQueue.Busy == FALSE);
  }

 private:
  static Starter& of(PDEVICE_OBJECT device) noexcept {
    return **static_cast<Starter**>(device->DeviceExtension);
  }
  // Who takes the cancel routine has the IRP.                                      [MSDN StartIo]
  static void NTAPI start_io(PDEVICE_OBJECT device, PIRP irp) {
    Starter& self = of(device);
    if (irp == self.kept) {
      ++self.started;
      MICA_CHECK(device->CurrentIrp == irp);
      return;
    }
    KIRQL old = PASSIVE_LEVEL;
    IoAcquireCancelSpinLock(&old);
    bool const mine = irp == device->CurrentIrp && IoSetCancelRoutine(irp, nullptr) != nullptr;
    IoReleaseCancelSpinLock(old);
    if (!mine) return;
    ++self.started;
    self.finish(irp);
  }
  static void NTAPI cancel(PDEVICE_OBJECT device, PIRP irp) {
    Starter& self = of(device);
    ++self.cancelled;
    bool const current = irp == device->CurrentIrp;
    if (!current)
      MICA_CHECK(KeRemoveEntryDeviceQueue(&device->DeviceQueue,
                                          &irp->Tail.Overlay.DeviceQueueEntry) != FALSE);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    if (current) IoStartNextPacket(device, TRUE);
    mica::test::complete(irp, STATUS_CANCELLED);
  }

  PDEVICE_OBJECT device_;
};

// A device at work, and a second IRP that waits; `third` is put while the first is finished and the
// second cancelled.
void start_and_cancel(Window& window, bool deferred, bool third) noexcept {
  mica::test::Driver driver;
  Starter device{driver};
  IoSetStartIoAttributes(device, deferred ? TRUE : FALSE, FALSE);
  HeldIrp current{device}, waiting{device}, late{device};
  device.kept = current;
  device.put(current);
  device.put(waiting);
  auto program = [&](unsigned number) {
    if (number == 0) {
      static_cast<void>(IoSetCancelRoutine(current, nullptr));
      device.finish(current);
    }
    if (number == 1) static_cast<void>(IoCancelIrp(waiting));
    if (number == 2) device.put(late);
  };
  run_together(window, {third ? 3u : 2u}, program);
  device.check_idle();
  if (!third) mica::test::complete(late, STATUS_SUCCESS);
  bool const was_cancelled = waiting.status() == STATUS_CANCELLED;
  MICA_CHECK(device.cancelled == (was_cancelled ? 1 : 0));
  MICA_CHECK(device.started == 1 + (was_cancelled ? 0 : 1) + (third ? 1 : 0));
}

// What is put while the device becomes idle is its CurrentIrp then.
void put_and_become_idle(Window& window, bool deferred) noexcept {
  mica::test::Driver driver;
  Starter device{driver};
  IoSetStartIoAttributes(device, deferred ? TRUE : FALSE, FALSE);
  HeldIrp first, second;
  device.kept = first;
  IoStartPacket(device, first, nullptr, nullptr);
  device.kept = second;
  auto program = [&](unsigned number) {
    if (number == 0) {
      mica::test::complete(first, STATUS_SUCCESS);
      IoStartNextPacket(device, FALSE);
    } else {
      IoStartPacket(device, second, nullptr, nullptr);
    }
  };
  run_together(window, {2}, program);
  MICA_CHECK(device.started == 2);
  MICA_CHECK(device->CurrentIrp == second && device->DeviceQueue.Busy != FALSE);
  mica::test::complete(second, STATUS_SUCCESS);
}

}  // namespace

MICA_EXPLORE("I1-start", "I1: an IRP that waits for StartIo is started or cancelled",
             .processors = 2, .bound = 3) {
  start_and_cancel(window, false, false);
}

MICA_EXPLORE("I1-start-deferred", "I1: a deferred StartIo loses no IRP to who cancels it",
             .processors = 2, .bound = 3) {
  start_and_cancel(window, true, false);
}

MICA_EXPLORE("I1-start-three", "I1: another IRP comes while one is started or cancelled",
             .processors = 3, .bound = 2) {
  start_and_cancel(window, false, true);
}

MICA_EXPLORE("I1-start-three-deferred", "I1: another IRP comes while a deferred StartIo gets one",
             .processors = 3, .bound = 2) {
  start_and_cancel(window, true, true);
}

MICA_EXPLORE("I1-start-idle", "I1: what is put while the device becomes idle is started",
             .processors = 2, .bound = 3) {
  put_and_become_idle(window, false);
}

MICA_EXPLORE("I1-start-idle-deferred", "I1: what is put while a deferred StartIo ends is started",
             .processors = 2, .bound = 3) {
  put_and_become_idle(window, true);
}
