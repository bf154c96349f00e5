// Cancelling what waits for StartIo, or is with it: the cancel routine given to IoStartPacket.
#include "busy.hpp"
#include "starter.hpp"

using namespace mica::test;

MICA_CASE("Io: an IRP that waits for StartIo can be cancelled") {
  Driver driver;
  Starter device{driver};
  HeldIrp first{device}, second{device}, third{device};
  IoStartPacket(device, first, nullptr, Starter::cancel);
  MICA_CHECK(device.had_cancel_routine);
  IoStartPacket(device, second, nullptr, Starter::cancel);
  IoStartPacket(device, third, nullptr, Starter::cancel);
  MICA_CHECK(IoCancelIrp(second) != FALSE);
  MICA_CHECK(second.is_complete() && second.status() == STATUS_CANCELLED);
  MICA_CHECK(IoCancelIrp(first) != FALSE);  // the current one: StartIo gets the next
  MICA_CHECK(device.cancelled == 2 && device.count == 2 && device.got[1] == third);
  IoSetCancelRoutine(third, nullptr);
  device.next(TRUE);
  device.finish(third);
}

MICA_CASE("Io: an IRP that was cancelled before it has to wait is cancelled at once") {
  Driver driver;
  Starter device{driver};
  HeldIrp first{device}, second{device};
  IoStartPacket(device, first, nullptr, Starter::cancel);
  IoCancelIrp(second);
  {
    AtLevel const apc{APC_LEVEL};
    IoStartPacket(device, second, nullptr, Starter::cancel);
    MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
  }
  MICA_CHECK(device.cancel_level == DISPATCH_LEVEL);
  MICA_CHECK(second.is_complete() && second.status() == STATUS_CANCELLED);
  MICA_CHECK(device.cancelled == 1 && device.count == 1);
  IoSetCancelRoutine(first, nullptr);
  device.next(TRUE);
  MICA_CHECK(device->CurrentIrp == nullptr);
  device.finish(first);
}

MICA_CASE("Io: StartIo may be given only what cannot be cancelled any more") {
  Driver driver;
  Starter device{driver};
  IoSetStartIoAttributes(device, FALSE, TRUE);
  HeldIrp first, second;
  IoStartPacket(device, first, nullptr, Starter::cancel);
  MICA_CHECK(!device.had_cancel_routine && IoCancelIrp(first) == FALSE);
  IoStartPacket(device, second, nullptr, Starter::cancel);
  MICA_CHECK(second->CancelRoutine == Starter::cancel);
  device.finish(first);
  device.next(TRUE);
  MICA_CHECK(device.got[1] == second && !device.had_cancel_routine);
  MICA_CHECK(IoCancelIrp(second) == FALSE);
  device.next(TRUE);
  device.finish(second);
}

MICA_CASE("Io: what cannot be cancelled is started without the cancel spin lock") {
  Driver driver;
  Starter device{driver};
  HeldIrp first, second, third;
  KIRQL old = HIGH_LEVEL;
  IoAcquireCancelSpinLock(&old);
  for (PIRP const irp : {PIRP{first}, PIRP{second}, PIRP{third}})
    IoStartPacket(device, irp, nullptr, nullptr);
  IoStartNextPacket(device, FALSE);
  IoStartNextPacketByKey(device, FALSE, 0);
  MICA_CHECK(device.count == 3 && device->CurrentIrp == third);
  IoReleaseCancelSpinLock(old);
  device.next();
  for (PIRP const irp : {PIRP{first}, PIRP{second}, PIRP{third}}) device.finish(irp);
}

MICA_CASE("Io: what can be cancelled is started, and waits, under the cancel spin lock") {
  if (processors() < 2) return;
  Pinned const here{8};
  for (bool const waits : {false, true}) {
    Driver driver;
    Starter device{driver};
    HeldIrp before{device}, request{device};
    IoStartPacket(device, before, nullptr, nullptr);
    if (!waits) device.next();
    std::atomic<bool> held{false}, tries{false};
    auto starter = [&] {
      spin_until(held);
      tries = true;
      IoStartPacket(device, request, nullptr, Starter::cancel);
    };
    Thread* const thread = start(starter, {.processor = 1});
    KIRQL old = HIGH_LEVEL;
    IoAcquireCancelSpinLock(&old);
    held = true;
    spin_until(tries);
    KeStallExecutionProcessor(100);
    MICA_CHECK(request->CancelRoutine == nullptr);
    MICA_CHECK(device->CurrentIrp == (waits ? PIRP{before} : nullptr));
    IoReleaseCancelSpinLock(old);
    join(thread);
    MICA_CHECK(request->CancelRoutine == Starter::cancel);
    if (waits) device.next(TRUE);
    MICA_CHECK(device->CurrentIrp == request);
    IoSetCancelRoutine(request, nullptr);
    device.next(TRUE);
    device.finish(before);
    device.finish(request);
  }
}

MICA_CASE("Io: the cancel routine of an IRP that has to wait gives the lock back for good") {
  if (processors() < 2) return;
  Pinned const here{8};
  static std::atomic<bool> given, held, inside, returned;
  given = held = inside = returned = false;
  PDRIVER_CANCEL const routine = [](PDEVICE_OBJECT self, PIRP irp) NTAPI {
    MICA_CHECK(KeRemoveEntryDeviceQueue(&self->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry) !=
               FALSE);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    given = true;
    spin_until(held);
    complete(irp, STATUS_CANCELLED);
  };
  Driver driver;
  Starter device{driver};
  HeldIrp first{device}, second{device};
  IoStartPacket(device, first, nullptr, nullptr);
  IoCancelIrp(second);
  auto holder = [] {
    spin_until(given);
    KIRQL level = HIGH_LEVEL;
    IoAcquireCancelSpinLock(&level);
    inside = held = true;
    spin_until(returned);
    KeStallExecutionProcessor(100);
    inside = false;
    IoReleaseCancelSpinLock(level);
  };
  Thread* const thread = start(holder, {.processor = 1});
  IoStartPacket(device, second, nullptr, routine);
  returned = true;
  KIRQL old = HIGH_LEVEL;
  IoAcquireCancelSpinLock(&old);
  MICA_CHECK(!inside);
  IoReleaseCancelSpinLock(old);
  join(thread);
  device.next();
  device.finish(first);
}

MICA_CASE("Io: without a cancel routine of its own IoStartPacket leaves the IRP the one it has") {
  Driver driver;
  Starter device{driver};
  HeldIrp first{device}, second{device};
  IoStartPacket(device, first, nullptr, nullptr);
  IoCancelIrp(second);
  IoSetCancelRoutine(second, Starter::cancel);
  IoStartPacket(device, second, nullptr, nullptr);
  MICA_CHECK(second->CancelRoutine == Starter::cancel && device.cancelled == 0);
  IoSetCancelRoutine(second, nullptr);
  device.next();
  MICA_CHECK(device->CurrentIrp == second);
  device.next();
  device.finish(first);
  device.finish(second);
}
