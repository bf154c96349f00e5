// Power requests on their way.                            [MSDN PoCallDriver, PoStartNextPowerIrp]
#include "io_support.hpp"

using namespace mica::test;

namespace {

struct Passing {
  PDEVICE_OBJECT below;  // null: the bottom
};

// What a filter does with power: lets it pass.
NTSTATUS NTAPI pass(PDEVICE_OBJECT device, PIRP irp) {
  PoStartNextPowerIrp(irp);
  PDEVICE_OBJECT const below = static_cast<Passing*>(device->DeviceExtension)->below;
  if (below == nullptr) return complete(irp, STATUS_SUCCESS, 5);
  IoSkipCurrentIrpStackLocation(irp);
  return PoCallDriver(below, irp);
}

}  // namespace

MICA_CASE("Io: a power request passes down a stack and is completed at its bottom") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_POWER] = pass;
  PDEVICE_OBJECT const bottom = driver.make<Passing>();
  PDEVICE_OBJECT const filter = driver.make<Passing>();
  static_cast<Passing*>(bottom->DeviceExtension)->below = nullptr;
  static_cast<Passing*>(filter->DeviceExtension)->below =
      IoAttachDeviceToDeviceStack(filter, bottom);
  for (int round = 0; round < 2; ++round) {
    PIRP const irp = IoAllocateIrp(filter->StackSize, FALSE);
    MICA_REQUIRE(irp != nullptr);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_POWER;
    PIO_COMPLETION_ROUTINE const keep = [](PDEVICE_OBJECT, PIRP, PVOID) NTAPI -> NTSTATUS {
      return STATUS_MORE_PROCESSING_REQUIRED;
    };
    IoSetCompletionRoutine(irp, keep, nullptr, TRUE, TRUE, TRUE);
    MICA_CHECK(PoCallDriver(filter, irp) == STATUS_SUCCESS);
    MICA_CHECK(irp->IoStatus.Status == STATUS_SUCCESS && irp->IoStatus.Information == 5);
    IoFreeIrp(irp);
  }
  IoDetachDevice(bottom);
}
