// Interrupts connected wrongly, and interrupt objects used wrongly.
#include "interrupt_support.hpp"

using namespace mica::test;

namespace {

ULONG_PTR address(void const* pointer) {
  return reinterpret_cast<ULONG_PTR>(pointer);
}

// What becomes of a connection that differs from a good one as `change` says.
template <class Change>
NTSTATUS connect_with(Change change) {
  Driver driver;
  Device device;
  IO_CONNECT_INTERRUPT_PARAMETERS parameters = device.parameters(driver.make());
  change(parameters);
  return IoConnectInterruptEx(&parameters);
}

template <class Change>
NTSTATUS specified_with(Change change) {
  return connect_with(
      [&](IO_CONNECT_INTERRUPT_PARAMETERS& parameters) { change(parameters.FullySpecified); });
}

using Specified = IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS;

}  // namespace

MICA_CASE("Io: a connection with a bad argument is STATUS_INVALID_PARAMETER") {
  MICA_CHECK(specified_with([](Specified&) {}) == STATUS_SUCCESS);
  NTSTATUS const bad = STATUS_INVALID_PARAMETER;
  MICA_CHECK(specified_with([](auto& what) { what.PhysicalDeviceObject = nullptr; }) == bad);
  MICA_CHECK(specified_with([](auto& what) { what.InterruptObject = nullptr; }) == bad);
  MICA_CHECK(specified_with([](auto& what) { what.ServiceRoutine = nullptr; }) == bad);
  MICA_CHECK(specified_with([](auto& what) { what.SynchronizeIrql = device_irql - 1; }) == bad);
  MICA_CHECK(specified_with([](auto& what) { what.SynchronizeIrql = HIGH_LEVEL + 1; }) == bad);
  MICA_CHECK(specified_with([](auto& what) { what.Irql = device_irql + 1; }) == bad);
  MICA_CHECK(specified_with([](auto& what) {
               what.Vector = 0x2f;
               what.Irql = 2;
             }) == bad);
  MICA_CHECK(specified_with([](auto& what) {
               what.Vector = 0xd0;
               what.Irql = what.SynchronizeIrql = 13;
             }) == bad);
  MICA_CHECK(specified_with(
                 [](auto& what) { what.InterruptMode = static_cast<KINTERRUPT_MODE>(2); }) == bad);
  // The first and the last, and the highest level to synchronize at, are good.
  MICA_CHECK(specified_with([](auto& what) {
               what.Vector = 0x30;
               what.Irql = 3;
             }) == STATUS_SUCCESS);
  MICA_CHECK(specified_with([](auto& what) {
               what.Vector = 0xcf;
               what.Irql = 12;
               what.SynchronizeIrql = HIGH_LEVEL;
             }) == STATUS_SUCCESS);
}

MICA_CASE("Io: a mask without a running processor is STATUS_INVALID_PARAMETER_10") {
  auto outside = [](Specified& what) { what.ProcessorEnableMask = ~KeQueryActiveProcessors(); };
  MICA_CHECK(specified_with([](auto& what) { what.ProcessorEnableMask = 0; }) ==
             STATUS_INVALID_PARAMETER_10);
  MICA_CHECK(specified_with(outside) == STATUS_INVALID_PARAMETER_10);
  Device device;
  MICA_CHECK(IoConnectInterrupt(&device.object, Device::routine, &device, nullptr, device_vector,
                                device_irql, device_irql, Latched, FALSE, 0,
                                FALSE) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Io: each version of a connection is answered as it is documented") {
  using Parameters = IO_CONNECT_INTERRUPT_PARAMETERS;
  for (ULONG const version : {0u, 6u})
    MICA_CHECK(connect_with([version](Parameters& what) { what.Version = version; }) ==
               STATUS_INVALID_PARAMETER_1);
  auto with_group = [](USHORT group) {
    return [group](Parameters& what) {
      what.Version = CONNECT_FULLY_SPECIFIED_GROUP;
      what.FullySpecified.Group = group;
    };
  };
  MICA_CHECK(connect_with(with_group(0)) == STATUS_SUCCESS);
  MICA_CHECK(connect_with(with_group(1)) == STATUS_INVALID_PARAMETER);
  // Only then the group counts.
  MICA_CHECK(specified_with([](auto& what) { what.Group = 1; }) == STATUS_SUCCESS);
  // No device was assigned a line or a message.
  for (ULONG const version : {CONNECT_LINE_BASED, CONNECT_MESSAGE_BASED}) {
    MICA_CHECK(connect_with([version](Parameters& what) { what.Version = version; }) ==
               STATUS_NOT_FOUND);
    MICA_CHECK(connect_with([version](Parameters& what) {
                 what.Version = version;
                 what.LineBased.PhysicalDeviceObject = nullptr;
               }) == STATUS_INVALID_PARAMETER);
  }
}

MICA_CASE("Io: a vector is shared by those that share it, all of one mode") {
  auto second = [](BOOLEAN first_shares, BOOLEAN second_shares, bool other_mode) {
    Device one, two;
    two.level_sensitive = !other_mode;
    MICA_CHECK(one.connect(first_shares) == STATUS_SUCCESS);
    NTSTATUS const status = two.connect(second_shares);
    MICA_CHECK((two.object != nullptr) == (status == STATUS_SUCCESS));
    // Who came first is as it was.
    one.ask();
    until([&] { return one.quiet(); });
    return status;
  };
  MICA_CHECK(second(TRUE, TRUE, false) == STATUS_SUCCESS);
  MICA_CHECK(second(TRUE, FALSE, false) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(second(FALSE, TRUE, false) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(second(TRUE, TRUE, true) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Io: connecting and disconnecting above PASSIVE_LEVEL is bugcheck 0x0A") {
  Driver driver;
  Device device;
  IO_CONNECT_INTERRUPT_PARAMETERS parameters = device.parameters(driver.make());
  Bugcheck end = bugcheck_of([&] {
    AtLevel raised{APC_LEVEL};
    static_cast<void>(IoConnectInterruptEx(&parameters));
  });
  MICA_CHECK(end.happened && end.code == 0x0A && end.parameters[0] == address(&parameters));
  MICA_CHECK(end.parameters[1] == APC_LEVEL);
  end = bugcheck_of([&] {
    AtLevel raised{APC_LEVEL};
    static_cast<void>(device.connect());
  });
  MICA_CHECK(end.happened && end.code == 0x0A && end.parameters[0] == address(&device.object));
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  end = bugcheck_of([&] {
    AtLevel raised{APC_LEVEL};
    IoDisconnectInterrupt(device.object);
  });
  MICA_CHECK(end.happened && end.code == 0x0A && end.parameters[0] == address(device.object));
  IO_DISCONNECT_INTERRUPT_PARAMETERS leave{};
  leave.Version = CONNECT_FULLY_SPECIFIED;
  leave.ConnectionContext.InterruptObject = device.object;
  end = bugcheck_of([&] {
    AtLevel raised{APC_LEVEL};
    IoDisconnectInterruptEx(&leave);
  });
  MICA_CHECK(end.happened && end.code == 0x0A && end.parameters[0] == address(&leave));
}

MICA_CASE("Io: reporting activity above DISPATCH_LEVEL is bugcheck 0x0A") {
  Device device;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters{};
  parameters.ConnectionContext.InterruptObject = device.object;
  for (auto const report : {IoReportInterruptActive, IoReportInterruptInactive}) {
    Bugcheck const end = bugcheck_of([&] {
      AtLevel raised{DISPATCH_LEVEL + 1};
      report(&parameters);
    });
    MICA_CHECK(end.happened && end.code == 0x0A && end.parameters[0] == address(&parameters));
    AtLevel raised{DISPATCH_LEVEL};
    report(&parameters);
  }
}

MICA_CASE("Ke: synchronizing with an interrupt above its level is bugcheck 0x0A") {
  Device device;
  MICA_REQUIRE(device.connect() == STATUS_SUCCESS);
  Bugcheck end = bugcheck_of([&] {
    AtLevel raised{device_irql + 1};
    KeSynchronizeExecution(
        device.object, [](PVOID) NTAPI -> BOOLEAN { return TRUE; }, nullptr);
  });
  MICA_CHECK(end.happened && end.code == 0x0A && end.parameters[0] == address(device.object));
  MICA_CHECK(end.parameters[1] == device_irql + 1);
  end = bugcheck_of([&] {
    AtLevel raised{device_irql + 1};
    KeAcquireInterruptSpinLock(device.object);
  });
  MICA_CHECK(end.happened && end.code == 0x0A && end.parameters[0] == address(device.object));
}

MICA_CASE("Ke: an interrupt's spin lock that is not held is not released: bugcheck 0x10") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock) == STATUS_SUCCESS);
  Bugcheck const end = bugcheck_of([&] {
    AtLevel raised{device_irql};
    KeReleaseInterruptSpinLock(device.object, device_irql);
  });
  MICA_CHECK(end.happened && end.code == 0x10 && end.parameters[0] == address(&lock));
}

MICA_CASE("Ke: synchronizing with an interrupt whose spin lock one holds is bugcheck 0x0F") {
  KSPIN_LOCK lock;
  KeInitializeSpinLock(&lock);
  Device device;
  MICA_REQUIRE(device.connect(FALSE, &lock) == STATUS_SUCCESS);
  Bugcheck const end = bugcheck_of([&] {
    KeAcquireInterruptSpinLock(device.object);
    KeSynchronizeExecution(
        device.object, [](PVOID) NTAPI -> BOOLEAN { return TRUE; }, nullptr);
  });
  MICA_CHECK(end.happened && end.code == 0x0F && end.parameters[0] == address(&lock));
}
