// mica::System::shut_down: what drivers hear when a System is turned off.
#include <mica/system.hpp>

#include <nt/io.h>
#include <nt/ntstatus.h>

#include "catch.hpp"

namespace {

struct Heard {
  int times;
  KIRQL level;
};

NTSTATUS NTAPI hear(PDEVICE_OBJECT device, PIRP irp) {
  auto& heard = **static_cast<Heard**>(device->DeviceExtension);
  ++heard.times;
  heard.level = KeGetCurrentIrql();
  irp->IoStatus.Status = STATUS_SUCCESS;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return STATUS_SUCCESS;
}

Heard* registering;  // for the entry routine, which has no context

NTSTATUS NTAPI enter(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  driver->MajorFunction[IRP_MJ_SHUTDOWN] = hear;
  PDEVICE_OBJECT device = nullptr;
  NTSTATUS const status =
      IoCreateDevice(driver, sizeof(Heard*), nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
  if (!NT_SUCCESS(status)) return status;
  *static_cast<Heard**>(device->DeviceExtension) = registering;
  return IoRegisterShutdownNotification(device);
}

}  // namespace

TEST_CASE("io: a System that shuts down tells its drivers once, one that is reset does not") {
  Heard heard{0, HIGH_LEVEL};
  registering = &heard;
  mica::System system;
  system.run([] { CHECK(IoCreateDriver(nullptr, enter) == STATUS_SUCCESS); });
  CHECK(heard.times == 0);
  CHECK(system.shut_down() == 0);
  CHECK(heard.times == 1);
  CHECK(heard.level == PASSIVE_LEVEL);
  CHECK(system.shut_down() == 0);
  CHECK(heard.times == 1);
  system.reset();
  system.run([] { CHECK(IoCreateDriver(nullptr, enter) == STATUS_SUCCESS); });
  system.reset();
  CHECK(system.shut_down() == 0);
  CHECK(heard.times == 1);
}
