// Parts of requests, and whose requests are: IoMakeAssociatedIrp, IoGetRequestorProcess,
// IoGetTopLevelIrp; the lock of volumes.
#include <nt/ps.h>

#include "held_irp.hpp"
#include "io_lock.hpp"

using namespace mica::test;

namespace {

NTSTATUS NTAPI keep(PDEVICE_OBJECT device, PIRP irp) {
  IoMarkIrpPending(irp);
  *static_cast<PIRP*>(device->DeviceExtension) = irp;
  return STATUS_PENDING;
}

}  // namespace

MICA_CASE("Io: the last part of a request completes the whole") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = keep;
  PDEVICE_OBJECT const devices[] = {driver.make<PIRP>(), driver.make<PIRP>()};
  HeldIrp whole;
  whole->AssociatedIrp.IrpCount = 2;
  for (PDEVICE_OBJECT const device : devices) {
    PIRP const part = IoMakeAssociatedIrp(whole, device->StackSize);
    MICA_REQUIRE(part != nullptr);
    MICA_CHECK((part->Flags & IRP_ASSOCIATED_IRP) != 0);
    MICA_CHECK(part->AssociatedIrp.MasterIrp == whole);
    IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_READ;
    MICA_CHECK(IoCallDriver(device, part) == STATUS_PENDING);
  }
  whole->IoStatus.Status = STATUS_SUCCESS;
  complete(*static_cast<PIRP*>(devices[0]->DeviceExtension), STATUS_SUCCESS);
  MICA_CHECK(!whole.is_complete() && whole->AssociatedIrp.IrpCount == 1);
  complete(*static_cast<PIRP*>(devices[1]->DeviceExtension), STATUS_SUCCESS);
  MICA_CHECK(whole.is_complete());
}

MICA_CASE("Io: the lists of memory that a part has go with it") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = keep;
  PDEVICE_OBJECT const device = driver.make<PIRP>();
  void* const data = ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'tseT');
  MICA_REQUIRE(data != nullptr);
  HeldIrp whole;
  whole->AssociatedIrp.IrpCount = 1;
  PIRP const part = IoMakeAssociatedIrp(whole, 1);
  MICA_REQUIRE(part != nullptr);
  MICA_REQUIRE(IoAllocateMdl(data, 8, FALSE, FALSE, part) != nullptr);
  MmBuildMdlForNonPagedPool(part->MdlAddress);
  IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_READ;
  MICA_CHECK(IoCallDriver(device, part) == STATUS_PENDING);
  whole->IoStatus.Status = STATUS_SUCCESS;
  complete(part, STATUS_SUCCESS);
  MICA_CHECK(whole.is_complete());
  ExFreePool(data);
}

MICA_CASE("Io: a part whose owner takes it back at completion does not count") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = keep;
  PDEVICE_OBJECT const device = driver.make<PIRP>();
  HeldIrp whole;
  whole->AssociatedIrp.IrpCount = 1;
  PIRP const part = IoMakeAssociatedIrp(whole, 1);
  MICA_REQUIRE(part != nullptr);
  IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_READ;
  PIO_COMPLETION_ROUTINE const take = [](PDEVICE_OBJECT, PIRP, PVOID) NTAPI -> NTSTATUS {
    return STATUS_MORE_PROCESSING_REQUIRED;
  };
  IoSetCompletionRoutine(part, take, nullptr, TRUE, TRUE, TRUE);
  IoCallDriver(device, part);
  complete(part, STATUS_SUCCESS);
  MICA_CHECK(!whole.is_complete() && whole->AssociatedIrp.IrpCount == 1);
  IoFreeIrp(part);
  complete(whole, STATUS_SUCCESS);
}

MICA_CASE("Io: a request that a thread waits for is its process's, and its parts too") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = keep;
  PDEVICE_OBJECT const device = driver.make<PIRP>();
  KEVENT event;
  IO_STATUS_BLOCK result{};
  KeInitializeEvent(&event, NotificationEvent, FALSE);
  PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr,
                                                &event, &result);
  MICA_REQUIRE(irp != nullptr);
  MICA_CHECK(IoGetRequestorProcess(irp) == PsGetCurrentProcess());
  MICA_CHECK(IoGetRequestorProcessId(irp) == HandleToULong(PsGetCurrentProcessId()));
  MICA_CHECK(IoIs32bitProcess(irp) == FALSE && IoIs32bitProcess(nullptr) == FALSE);
  PIRP const part = IoMakeAssociatedIrp(irp, 1);
  MICA_REQUIRE(part != nullptr);
  MICA_CHECK(IoGetRequestorProcess(part) == PsGetCurrentProcess());
  IoFreeIrp(part);
  MICA_CHECK(IoCallDriver(device, irp) == STATUS_PENDING);
  complete(irp, STATUS_SUCCESS);
  wait(&event);
  HeldIrp nobodys;
  MICA_CHECK(IoGetRequestorProcess(nobodys) == nullptr && IoGetRequestorProcessId(nobodys) == 0);
  complete(nobodys, STATUS_SUCCESS);
  MICA_CHECK(IoIsSystemThread(PsGetCurrentThread()) != FALSE);
}

MICA_CASE("Io: each thread has a top-level request, none at first") {
  MICA_CHECK(IoGetTopLevelIrp() == nullptr);
  HeldIrp request;
  IoSetTopLevelIrp(request);
  PIRP seen = request;
  auto other = [&] {
    seen = IoGetTopLevelIrp();
    IoSetTopLevelIrp(reinterpret_cast<PIRP>(1));
  };
  join(start(other));
  MICA_CHECK(seen == nullptr);
  MICA_CHECK(IoGetTopLevelIrp() == request);
  IoSetTopLevelIrp(nullptr);
  complete(request, STATUS_SUCCESS);
}

MICA_CASE("Io: the lock of volumes raises to DISPATCH_LEVEL, restores, and excludes") {
  int inside = 0;
  int total = 0;
  auto work = [&] {
    for (int i = 0; i < 50; ++i) {
      KIRQL old = HIGH_LEVEL;
      IoAcquireVpbSpinLock(&old);
      MICA_CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
      MICA_CHECK(++inside == 1);
      KeStallExecutionProcessor(1);
      ++total;
      --inside;
      IoReleaseVpbSpinLock(old);
      MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    }
  };
  Thread* const thread = start(work, {.processor = 1});
  work();
  join(thread);
  MICA_CHECK(total == 100);
}

MICA_CASE("Io: who waits below the lock of volumes runs when it is free") {
  check_free_for_dpc({IoAcquireVpbSpinLock, IoReleaseVpbSpinLock});
}
