// Cancelling: IoCancelIrp, IoSetCancelRoutine, the cancel spin lock.
#include "busy.hpp"
#include "io_lock.hpp"

using namespace mica::test;

namespace {

struct Cancelled {
  int calls;
  KIRQL irql;
  PDEVICE_OBJECT device;
};

void NTAPI cancel(PDEVICE_OBJECT device, PIRP irp) {
  auto& log = *static_cast<Cancelled*>(irp->Tail.Overlay.DriverContext[0]);
  ++log.calls;
  log.irql = KeGetCurrentIrql();
  log.device = device;
  IoReleaseCancelSpinLock(irp->CancelIrql);
}

// Keeps the IRP.
NTSTATUS NTAPI hold(PDEVICE_OBJECT, PIRP irp) {
  IoMarkIrpPending(irp);
  IoSetCancelRoutine(irp, cancel);
  return STATUS_PENDING;
}

}  // namespace

MICA_CASE("Io: IoCancelIrp calls the cancel routine once, with the lock held") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = hold;
  PDEVICE_OBJECT const device = driver.make();
  Cancelled log{};
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
  irp->Tail.Overlay.DriverContext[0] = &log;
  MICA_CHECK(IoCallDriver(device, irp) == STATUS_PENDING);
  MICA_CHECK(IoCancelIrp(irp) != FALSE);
  MICA_CHECK(log.calls == 1);
  MICA_CHECK(log.irql == DISPATCH_LEVEL);
  MICA_CHECK(log.device == device);
  MICA_CHECK(irp->Cancel != FALSE);
  MICA_CHECK(irp->CancelRoutine == nullptr);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  MICA_CHECK(IoCancelIrp(irp) == FALSE);
  MICA_CHECK(log.calls == 1);
  complete(irp, STATUS_CANCELLED);
  IoFreeIrp(irp);
}

MICA_CASE("Io: the cancel routine gives the lock back at the level of IoCancelIrp's caller") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = hold;
  PDEVICE_OBJECT const device = driver.make();
  Cancelled log{};
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
  irp->Tail.Overlay.DriverContext[0] = &log;
  IoCallDriver(device, irp);
  KIRQL old = PASSIVE_LEVEL;
  KeRaiseIrql(APC_LEVEL, &old);
  MICA_CHECK(IoCancelIrp(irp) != FALSE);
  MICA_CHECK(KeGetCurrentIrql() == APC_LEVEL);
  MICA_CHECK(irp->CancelIrql == APC_LEVEL);
  KeLowerIrql(old);
  complete(irp, STATUS_CANCELLED);
  IoFreeIrp(irp);
}

MICA_CASE("Io: an IRP without a cancel routine is only marked") {
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  MICA_CHECK(IoCancelIrp(irp) == FALSE);
  MICA_CHECK(irp->Cancel != FALSE);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  IoFreeIrp(irp);
}

MICA_CASE("Io: IoSetCancelRoutine says which routine it replaced") {
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  MICA_CHECK(IoSetCancelRoutine(irp, cancel) == nullptr);
  MICA_CHECK(IoSetCancelRoutine(irp, nullptr) == cancel);
  IoFreeIrp(irp);
}

MICA_CASE("Io: the cancel spin lock raises to DISPATCH_LEVEL and restores") {
  KIRQL old = HIGH_LEVEL;
  IoAcquireCancelSpinLock(&old);
  MICA_CHECK(old == PASSIVE_LEVEL);
  MICA_CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL);
  IoReleaseCancelSpinLock(old);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
}

MICA_CASE("Io: of completion and cancellation at once, one wins") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = hold;
  PDEVICE_OBJECT const device = driver.make();
  for (int i = 0; i < 20; ++i) {
    Cancelled log{};
    PIRP const irp = IoAllocateIrp(1, FALSE);
    MICA_REQUIRE(irp != nullptr);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    irp->Tail.Overlay.DriverContext[0] = &log;
    IoCallDriver(device, irp);
    BOOLEAN called = FALSE;
    auto canceller = [irp, &called] { called = IoCancelIrp(irp); };
    Thread* const thread = start(canceller, {.processor = 1});
    bool const completer_won = IoSetCancelRoutine(irp, nullptr) != nullptr;
    join(thread);
    MICA_CHECK(completer_won != (called != FALSE));
    MICA_CHECK(log.calls == (completer_won ? 0 : 1));
    complete(irp, STATUS_CANCELLED);
    IoFreeIrp(irp);
  }
}

MICA_CASE("Io: an IRP can be cancelled by the routine of who made it, before it is sent") {
  struct {
    IRP irp;
    IO_STACK_LOCATION own;
    IO_STACK_LOCATION above;  // which the routine is told the device of
  } memory{};
  PIRP const irp = &memory.irp;
  IoInitializeIrp(irp, sizeof(IRP) + sizeof(IO_STACK_LOCATION), 1);
  Cancelled log{};
  irp->Tail.Overlay.DriverContext[0] = &log;
  IoSetCancelRoutine(irp, cancel);
  MICA_CHECK(IoCancelIrp(irp) != FALSE);
  MICA_CHECK(log.calls == 1 && log.device == nullptr);
}

MICA_CASE("Io: the cancel spin lock is free before its holder is back at its level") {
  check_free_for_dpc({IoAcquireCancelSpinLock, IoReleaseCancelSpinLock});
}

MICA_CASE("Io: no IRP is marked as cancelled while somebody holds the cancel spin lock") {
  if (processors() < 2) return;
  Pinned const here{8};
  PIRP const irp = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(irp != nullptr);
  std::atomic<bool> held{false}, tries{false};
  auto canceller = [&] {
    spin_until(held);
    tries = true;
    MICA_CHECK(IoCancelIrp(irp) == FALSE);
  };
  Thread* const thread = start(canceller, {.processor = 1});
  KIRQL old = HIGH_LEVEL;
  IoAcquireCancelSpinLock(&old);
  held = true;
  spin_until(tries);
  KeStallExecutionProcessor(100);
  MICA_CHECK(irp->Cancel == FALSE);
  IoReleaseCancelSpinLock(old);
  join(thread);
  MICA_CHECK(irp->Cancel != FALSE);
  IoFreeIrp(irp);
}
