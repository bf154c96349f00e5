// StartIo: IoStartPacket, IoStartNextPacket and what they do to the device queue.
#include "busy.hpp"
#include "held_irp.hpp"

using namespace mica::test;

namespace {

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

}  // namespace

MICA_CASE("Io: an idle device is given an IRP at once, at DISPATCH_LEVEL, the others in turn") {
  Driver driver;
  Starter device{driver};
  HeldIrp first, second, third;
  IoStartPacket(device, first, nullptr, nullptr);
  MICA_CHECK(device.count == 1 && device.got[0] == first && device.level == DISPATCH_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  IoStartPacket(device, second, nullptr, nullptr);
  IoStartPacket(device, third, nullptr, nullptr);
  MICA_CHECK(device.count == 1 && device->CurrentIrp == first);
  device.next();
  MICA_CHECK(device.count == 2 && device.got[1] == second);
  device.next();
  MICA_CHECK(device.count == 3 && device.got[2] == third && device->CurrentIrp == third);
  device.next();
  MICA_CHECK(device.count == 3 && device->CurrentIrp == nullptr);
  MICA_CHECK(device->DeviceQueue.Busy == FALSE);
  for (PIRP const irp : {PIRP{first}, PIRP{second}, PIRP{third}}) device.finish(irp);
}

MICA_CASE("Io: IRPs with keys wait in the order of their keys, and are taken by key") {
  Driver driver;
  Starter device{driver};
  HeldIrp requests[4];
  ULONG keys[] = {0, 30, 10, 20};
  for (int i = 0; i < 4; ++i) IoStartPacket(device, requests[i], &keys[i], nullptr);
  {
    AtLevel const dispatch{DISPATCH_LEVEL};
    IoStartNextPacketByKey(device, FALSE, 15);
    MICA_CHECK(device.got[1] == requests[3]);  // 20
    IoStartNextPacketByKey(device, FALSE, 40);
    MICA_CHECK(device.got[2] == requests[2]);  // none such: the first
    IoStartNextPacket(device, FALSE);
    MICA_CHECK(device.got[3] == requests[1]);
    IoStartNextPacketByKey(device, FALSE, 0);
  }
  MICA_CHECK(device.count == 4 && device->CurrentIrp == nullptr);
  for (HeldIrp& request : requests) device.finish(request);
}

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

MICA_CASE("Io: StartIo that starts the next is entered again, or after it if that is deferred") {
  for (BOOLEAN const deferred : {FALSE, TRUE}) {
    Driver driver;
    Starter device{driver};
    IoSetStartIoAttributes(device, deferred, FALSE);
    HeldIrp first, second, third;
    IoStartPacket(device, first, nullptr, nullptr);
    IoStartPacket(device, second, nullptr, nullptr);
    IoStartPacket(device, third, nullptr, nullptr);
    device.goes_on = true;
    device.finish(first);
    device.next();
    MICA_CHECK(device.count == 3 && device.got[1] == second && device.got[2] == third);
    MICA_CHECK(device.deepest == (deferred != FALSE ? 1 : 2));
    MICA_CHECK(device->CurrentIrp == nullptr && device->DeviceQueue.Busy == FALSE);
    HeldIrp again;
    IoStartPacket(device, again, nullptr, nullptr);
    MICA_CHECK(device.count == 4 && device.got[3] == again);
  }
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

MICA_CASE("Io: the next IRP is started at DISPATCH_LEVEL only") {
  Driver driver;
  Starter device{driver};
  PDEVICE_OBJECT const object = device;
  auto const parameter = reinterpret_cast<ULONG_PTR>(object);
  Bugcheck end = bugcheck_of([&] { IoStartNextPacket(object, FALSE); });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_GREATER_OR_EQUAL);
  MICA_CHECK(end.parameters[0] == parameter && end.parameters[1] == PASSIVE_LEVEL);
  end = bugcheck_of([&] {
    AtLevel const high{CLOCK_LEVEL};
    IoStartNextPacketByKey(object, FALSE, 0);
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(end.parameters[0] == parameter && end.parameters[1] == CLOCK_LEVEL);
  HeldIrp first;
  end = bugcheck_of([&] {
    AtLevel const high{CLOCK_LEVEL};
    IoStartPacket(object, first, nullptr, nullptr);
  });
  MICA_CHECK(end.happened && end.code == IRQL_NOT_LESS_OR_EQUAL);
  MICA_CHECK(end.parameters[0] == parameter && end.parameters[1] == CLOCK_LEVEL);
  MICA_CHECK(device.count == 0);
  complete(first, STATUS_SUCCESS);
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

MICA_CASE("Io: a device's own DPC gets the IRP and the context of its request") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make<void* [2]>();
  auto** const seen = static_cast<void**>(device->DeviceExtension);
  IoInitializeDpcRequest(device, [](PKDPC, PDEVICE_OBJECT self, PIRP irp, PVOID context) NTAPI {
    static_cast<void**>(self->DeviceExtension)[0] = irp;
    static_cast<void**>(self->DeviceExtension)[1] = context;
  });
  int mark = 0;
  HeldIrp request;
  IoRequestDpc(device, request, &mark);
  KeFlushQueuedDpcs();
  MICA_CHECK(seen[0] == PIRP{request} && seen[1] == &mark);
  complete(request, STATUS_SUCCESS);
}
