// IRPs used wrongly: each is a bugcheck that names the IRP.
#include "io_support.hpp"

using namespace mica::test;

namespace {

ULONG_PTR address(void const* pointer) {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

}  // namespace

MICA_CASE("Io: more drivers than stack locations is bugcheck NO_MORE_IRP_STACK_LOCATIONS") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  driver->MajorFunction[IRP_MJ_READ] = [](PDEVICE_OBJECT self, PIRP irp)
                                           NTAPI -> NTSTATUS { return IoCallDriver(self, irp); };
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
  Bugcheck const end = bugcheck_of([device, irp] { IoCallDriver(device, irp); });
  MICA_CHECK(end.happened);
  MICA_CHECK(end.code == 0x35);
  MICA_CHECK(end.parameters[0] == address(irp));
  IoFreeIrp(irp);
}

MICA_CASE("Io: completing an IRP twice is bugcheck MULTIPLE_IRP_COMPLETE_REQUESTS") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  IoCallDriver(device, irp);
  Bugcheck const end = bugcheck_of([irp] { IoCompleteRequest(irp, IO_NO_INCREMENT); });
  MICA_CHECK(end.happened);
  MICA_CHECK(end.code == 0x44);
  MICA_CHECK(end.parameters[0] == address(irp));
  IoFreeIrp(irp);
}

MICA_CASE("Io: completing with STATUS_PENDING, or with a cancel routine, is bugcheck 0xC9") {
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  IoSetNextIrpStackLocation(irp);
  irp->IoStatus.Status = STATUS_PENDING;
  Bugcheck end = bugcheck_of([irp] { IoCompleteRequest(irp, IO_NO_INCREMENT); });
  MICA_CHECK(end.happened && end.code == 0xC9);
  MICA_CHECK(end.parameters[0] == 6 && end.parameters[1] == ULONG_PTR{STATUS_PENDING} &&
             end.parameters[2] == address(irp));
  irp->IoStatus.Status = -1;
  end = bugcheck_of([irp] { IoCompleteRequest(irp, IO_NO_INCREMENT); });
  MICA_CHECK(end.happened && end.code == 0xC9 && end.parameters[0] == 6);
  irp->IoStatus.Status = STATUS_SUCCESS;
  PDRIVER_CANCEL const routine = [](PDEVICE_OBJECT, PIRP) NTAPI {};
  IoSetCancelRoutine(irp, routine);
  end = bugcheck_of([irp] { IoCompleteRequest(irp, IO_NO_INCREMENT); });
  MICA_CHECK(end.happened && end.code == 0xC9);
  MICA_CHECK(end.parameters[0] == 7 && end.parameters[2] == address(irp));
  IoFreeIrp(irp);
}

MICA_CASE("Io: what is no IRP is not sent, not completed and not freed") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  IRP wrong{};
  Bugcheck end = bugcheck_of([&] { IoCallDriver(device, &wrong); });
  MICA_CHECK(end.happened && end.code == 0xC9);
  MICA_CHECK(end.parameters[0] == 3 && end.parameters[1] == address(&wrong));
  end = bugcheck_of([&] { IoCompleteRequest(&wrong, IO_NO_INCREMENT); });
  MICA_CHECK(end.happened && end.code == MULTIPLE_IRP_COMPLETE_REQUESTS);
  MICA_CHECK(end.parameters[0] == address(&wrong));
  end = bugcheck_of([&] { IoFreeIrp(&wrong); });
  MICA_CHECK(end.happened && end.code == 0xC9);
  MICA_CHECK(end.parameters[0] == 1 && end.parameters[1] == address(&wrong));
}

MICA_CASE("Io: cancelling an IRP that is complete and has a cancel routine is bugcheck 0x48") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  IoCallDriver(device, irp);
  PDRIVER_CANCEL const routine = [](PDEVICE_OBJECT, PIRP) NTAPI {};
  IoSetCancelRoutine(irp, routine);
  Bugcheck const end = bugcheck_of([irp] { IoCancelIrp(irp); });
  MICA_CHECK(end.happened && end.code == 0x48);
  MICA_CHECK(end.parameters[0] == address(irp));
  MICA_CHECK(end.parameters[1] == reinterpret_cast<ULONG_PTR>(routine));
  KIRQL old = HIGH_LEVEL;
  IoAcquireCancelSpinLock(&old);  // is free
  IoReleaseCancelSpinLock(old);
  IoFreeIrp(irp);
}

MICA_CASE("Io: a request of a thread is not freed by a driver") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  KEVENT done;
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  IO_STATUS_BLOCK result{};
  PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr,
                                                &done, &result);
  MICA_REQUIRE(irp != nullptr);
  Bugcheck const end = bugcheck_of([&] { IoFreeIrp(irp); });
  MICA_CHECK(end.happened && end.code == 0xC9);
  MICA_CHECK(end.parameters[0] == 2 && end.parameters[1] == address(irp));
  IoCallDriver(device, irp);
}
