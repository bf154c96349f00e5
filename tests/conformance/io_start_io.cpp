// StartIo: IoStartPacket, IoStartNextPacket and what they do to the device queue.
#include "starter.hpp"

using namespace mica::test;

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
