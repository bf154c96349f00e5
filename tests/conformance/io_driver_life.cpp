// Later in a driver's life: reinitialization, its extensions, shutdown.
#include "io/shutdown.hpp"

#include "io_support.hpp"

using namespace mica::test;

namespace {

struct Calls {
  int count = 0;
  ULONG counts[8]{};
  char order[8]{};
};

void NTAPI note(Calls& calls, char what, ULONG count) {
  calls.order[calls.count] = what;
  calls.counts[calls.count++] = count;
}

void NTAPI usual(PDRIVER_OBJECT driver, PVOID context, ULONG count) {
  auto& calls = *static_cast<Calls*>(context);
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  MICA_CHECK(driver->DeviceObject != nullptr);
  MICA_CHECK((driver->DeviceObject->Flags & DO_DEVICE_INITIALIZING) == 0);
  note(calls, 'u', count);
  if (count < 4) IoRegisterDriverReinitialization(driver, usual, context);
}

void NTAPI boot(PDRIVER_OBJECT, PVOID context, ULONG count) {
  note(*static_cast<Calls*>(context), 'b', count);
}

Calls* entry_calls;  // for an entry routine, which has no context
NTSTATUS entry_answer;

NTSTATUS NTAPI enter(PDRIVER_OBJECT driver, PUNICODE_STRING) {
  IoRegisterDriverReinitialization(driver, usual, entry_calls);
  IoRegisterBootDriverReinitialization(driver, boot, entry_calls);
  PDEVICE_OBJECT device = nullptr;
  return NT_SUCCESS(entry_answer)
             ? IoCreateDevice(driver, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device)
             : entry_answer;
}

}  // namespace

MICA_CASE(
    "Io: a driver is reinitialized when its entry routine has succeeded, as often as it asks") {
  Calls calls;
  entry_calls = &calls;
  entry_answer = STATUS_SUCCESS;
  Text name{u"\\Driver\\Again"};
  MICA_REQUIRE(IoCreateDriver(name, enter) == STATUS_SUCCESS);
  MICA_CHECK(calls.count == 4);
  MICA_CHECK(calls.order[0] == 'b' && calls.order[1] == 'u' && calls.order[2] == 'u');
  for (ULONG i = 0; i < 4; ++i) MICA_CHECK(calls.counts[i] == i + 1);
  void* object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByName(name, 0, nullptr, 0, nullptr, KernelMode, nullptr,
                                       &object) == STATUS_SUCCESS);
  auto* const driver = static_cast<PDRIVER_OBJECT>(object);
  MICA_CHECK(driver->DriverExtension->Count == 4);
  IoRegisterDriverReinitialization(driver, usual, &calls);  // too late
  IoDeleteDevice(driver->DeviceObject);
  ObDereferenceObject(driver);
  IoDeleteDriver(driver);
  MICA_CHECK(calls.count == 4);
}

MICA_CASE("Io: a driver whose entry routine failed is not reinitialized") {
  Calls calls;
  entry_calls = &calls;
  entry_answer = STATUS_UNSUCCESSFUL;
  Text name{u"\\Driver\\Again"};
  MICA_CHECK(IoCreateDriver(name, enter) == STATUS_UNSUCCESSFUL);
  MICA_CHECK(calls.count == 0);
}

MICA_CASE("Io: a driver object keeps one zeroed extension for each name") {
  Driver driver;
  char first_name, second_name;
  void* first = nullptr;
  void* second = nullptr;
  MICA_CHECK(IoGetDriverObjectExtension(driver.get(), &first_name) == nullptr);
  MICA_CHECK(IoAllocateDriverObjectExtension(driver.get(), &first_name, 40, &first) ==
             STATUS_SUCCESS);
  MICA_CHECK(IoAllocateDriverObjectExtension(driver.get(), &second_name, 8, &second) ==
             STATUS_SUCCESS);
  MICA_REQUIRE(first != nullptr && second != nullptr && first != second);
  MICA_CHECK(reinterpret_cast<ULONG_PTR>(first) % 16 == 0);
  bool zero = true;
  for (int i = 0; i < 40; ++i) zero = zero && static_cast<char*>(first)[i] == 0;
  MICA_CHECK(zero);
  void* third = &first;
  MICA_CHECK(IoAllocateDriverObjectExtension(driver.get(), &first_name, 8, &third) ==
             STATUS_OBJECT_NAME_COLLISION);
  MICA_CHECK(third == nullptr);
  AtLevel const dispatch{DISPATCH_LEVEL};
  MICA_CHECK(IoGetDriverObjectExtension(driver.get(), &first_name) == first);
  MICA_CHECK(IoGetDriverObjectExtension(driver.get(), &second_name) == second);
}

namespace {

struct Told {
  int count = 0;
  PDEVICE_OBJECT devices[8]{};
  bool pends = false;
};

NTSTATUS NTAPI shut(PDEVICE_OBJECT device, PIRP irp) {
  auto& told = **static_cast<Told**>(device->DeviceExtension);
  told.devices[told.count++] = device;
  MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
  if (told.pends) {
    IoMarkIrpPending(irp);
    complete(irp, STATUS_SUCCESS);
    return STATUS_PENDING;
  }
  return complete(irp, STATUS_SUCCESS);
}

PDEVICE_OBJECT make_told(Driver& driver, Told& told) noexcept {
  driver->MajorFunction[IRP_MJ_SHUTDOWN] = shut;
  PDEVICE_OBJECT const device = driver.make<Told*>();
  *static_cast<Told**>(device->DeviceExtension) = &told;
  return device;
}

}  // namespace

MICA_CASE("Io: devices hear of shutdown once, the last that registered first") {
  Driver driver;
  Told told;
  PDEVICE_OBJECT const first = make_told(driver, told);
  PDEVICE_OBJECT const second = make_told(driver, told);
  PDEVICE_OBJECT const last = make_told(driver, told);
  MICA_CHECK(IoRegisterLastChanceShutdownNotification(last) == STATUS_SUCCESS);
  MICA_CHECK(IoRegisterShutdownNotification(first) == STATUS_SUCCESS);
  MICA_CHECK(IoRegisterShutdownNotification(second) == STATUS_SUCCESS);
  MICA_CHECK((first->Flags & DO_SHUTDOWN_REGISTERED) != 0);
  told.pends = true;
  MICA_CHECK(mica::io::shut_down() == 0);
  MICA_CHECK(told.count == 3);
  MICA_CHECK(told.devices[0] == second && told.devices[1] == first && told.devices[2] == last);
  MICA_CHECK(mica::io::shut_down() == 0);
  MICA_CHECK(told.count == 3);
}

MICA_CASE("Io: of shutdown hears the top of the stack of who registered") {
  Driver driver;
  Told told;
  PDEVICE_OBJECT const bottom = make_told(driver, told);
  PDEVICE_OBJECT const top = make_told(driver, told);
  MICA_REQUIRE(IoAttachDeviceToDeviceStack(top, bottom) == bottom);
  MICA_CHECK(IoRegisterShutdownNotification(bottom) == STATUS_SUCCESS);
  MICA_CHECK(mica::io::shut_down() == 0);
  MICA_CHECK(told.count == 1 && told.devices[0] == top);
  IoDetachDevice(bottom);
}

MICA_CASE("Io: who takes its registration back, or is deleted, does not hear of shutdown") {
  Driver driver;
  Told told;
  PDEVICE_OBJECT const first = make_told(driver, told);
  PDEVICE_OBJECT const second = make_told(driver, told);
  MICA_CHECK(IoRegisterShutdownNotification(first) == STATUS_SUCCESS);
  MICA_CHECK(IoRegisterShutdownNotification(first) == STATUS_SUCCESS);
  MICA_CHECK(IoRegisterLastChanceShutdownNotification(first) == STATUS_SUCCESS);
  MICA_CHECK(IoRegisterShutdownNotification(second) == STATUS_SUCCESS);
  IoUnregisterShutdownNotification(first);
  MICA_CHECK((first->Flags & DO_SHUTDOWN_REGISTERED) == 0);
  IoDeleteDevice(second);
  MICA_CHECK(mica::io::shut_down() == 0);
  MICA_CHECK(told.count == 0);
}
