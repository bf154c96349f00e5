// What the bus answers for a device that a text describes.
//       [MSDN IRP_MN_QUERY_ID, IRP_MN_QUERY_CAPABILITIES, IRP_MN_QUERY_DEVICE_RELATIONS, ...]
#include "pnp_support.hpp"

using namespace mica::test;

namespace {

constexpr NTSTATUS mark = STATUS_NOT_SUPPORTED;

struct Asked {
  IO_STATUS_BLOCK answer{};

  Asked(PDEVICE_OBJECT device, UCHAR major, IO_STACK_LOCATION const& location) noexcept {
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP const irp = IoAllocateIrp(device->StackSize, FALSE);
    MICA_REQUIRE(irp != nullptr);
    PIO_STACK_LOCATION const next = IoGetNextIrpStackLocation(irp);
    next->MajorFunction = major;
    next->MinorFunction = location.MinorFunction;
    next->Parameters = location.Parameters;
    IoSetCompletionRoutine(irp, wake, &done, TRUE, TRUE, TRUE);
    irp->IoStatus.Status = mark;
    MICA_CHECK(IoCallDriver(device, irp) == irp->IoStatus.Status);
    answer = irp->IoStatus;
    IoFreeIrp(irp);
  }
  // A string from the pool, which goes.
  template <std::size_t N>
  [[nodiscard]] bool is(WCHAR const (&text)[N]) noexcept {
    if (answer.Status != STATUS_SUCCESS) return false;
    void* const memory = reinterpret_cast<void*>(answer.Information);
    bool const same = std::memcmp(memory, text, sizeof text) == 0;
    ExFreePool(memory);
    return same;
  }
};

Asked ask(PDEVICE_OBJECT device, UCHAR minor) noexcept {
  IO_STACK_LOCATION location{};
  location.MinorFunction = minor;
  return {device, IRP_MJ_PNP, location};
}

Asked ask_id(PDEVICE_OBJECT device, BUS_QUERY_ID_TYPE which) noexcept {
  IO_STACK_LOCATION location{};
  location.MinorFunction = IRP_MN_QUERY_ID;
  location.Parameters.QueryId.IdType = which;
  return {device, IRP_MJ_PNP, location};
}

Asked ask_text(PDEVICE_OBJECT device, DEVICE_TEXT_TYPE which) noexcept {
  IO_STACK_LOCATION location{};
  location.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT;
  location.Parameters.QueryDeviceText.DeviceTextType = which;
  return {device, IRP_MJ_PNP, location};
}

}  // namespace

MICA_CASE("Io: the bus says how a device is called") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\nhardware A\\B C\\D\n"
                                "description \"What it is\"\nlocation Here\n") == STATUS_SUCCESS);
  PDEVICE_OBJECT const pdo = plug.driver.pdo;
  MICA_CHECK(ask_id(pdo, BusQueryDeviceID).is(u"ROOT\\Plug"));
  MICA_CHECK(ask_id(pdo, BusQueryInstanceID).is(u"0000"));
  MICA_CHECK(ask_id(pdo, BusQueryHardwareIDs).is(u"A\\B\0C\\D\0"));
  MICA_CHECK(ask_id(pdo, BusQueryCompatibleIDs).answer.Status == mark);
  MICA_CHECK(ask_id(pdo, BusQueryDeviceSerialNumber).answer.Status == mark);
  MICA_CHECK(ask_text(pdo, DeviceTextDescription).is(u"What it is"));
  MICA_CHECK(ask_text(pdo, DeviceTextLocationInformation).is(u"Here"));
}

MICA_CASE("Io: the bus says what a device can do, to who asks in the documented form") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\naddress 5\n") == STATUS_SUCCESS);
  DEVICE_CAPABILITIES found{};
  found.Size = sizeof found;
  found.Version = 1;
  found.UINumber = 99;
  IO_STACK_LOCATION location{};
  location.MinorFunction = IRP_MN_QUERY_CAPABILITIES;
  location.Parameters.DeviceCapabilities.Capabilities = &found;
  MICA_CHECK(Asked(plug.driver.pdo, IRP_MJ_PNP, location).answer.Status == STATUS_SUCCESS);
  MICA_CHECK(found.Address == 5 && found.UINumber == 99 && found.Removable == 0);
  MICA_CHECK(found.DeviceState[PowerSystemWorking] == PowerDeviceD0);
  MICA_CHECK(found.DeviceState[PowerSystemSleeping3] == PowerDeviceD3);
  found.Version = 2;
  MICA_CHECK(Asked(plug.driver.pdo, IRP_MJ_PNP, location).answer.Status == STATUS_UNSUCCESSFUL);
  found.Version = 1;
  found.Size = sizeof found - 1;
  MICA_CHECK(Asked(plug.driver.pdo, IRP_MJ_PNP, location).answer.Status == STATUS_UNSUCCESSFUL);
}

MICA_CASE("Io: the bus relates a device to itself alone") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  for (auto const type :
       {BusRelations, EjectionRelations, RemovalRelations, TargetDeviceRelation}) {
    IO_STACK_LOCATION location{};
    location.MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
    location.Parameters.QueryDeviceRelations.Type = type;
    Asked const asked{plug.driver.pdo, IRP_MJ_PNP, location};
    if (type != TargetDeviceRelation) {
      MICA_CHECK(asked.answer.Status == mark && asked.answer.Information == 0);
      continue;
    }
    MICA_REQUIRE(asked.answer.Status == STATUS_SUCCESS);
    auto* const relations = reinterpret_cast<PDEVICE_RELATIONS>(asked.answer.Information);
    MICA_CHECK(relations->Count == 1 && relations->Objects[0] == plug.driver.pdo);
    ObDereferenceObject(relations->Objects[0]);
    ExFreePool(relations);
  }
}

MICA_CASE("Io: the bus gives a device's resources to who asks") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\nport 0x60 1\n") == STATUS_SUCCESS);
  Asked const asked = ask(plug.driver.pdo, IRP_MN_QUERY_RESOURCES);
  MICA_REQUIRE(asked.answer.Status == STATUS_SUCCESS);
  auto* const list = reinterpret_cast<PCM_RESOURCE_LIST>(asked.answer.Information);
  MICA_CHECK(list->Count == 1 && list->List[0].PartialResourceList.Count == 1);
  MICA_CHECK(std::memcmp(list, plug.driver.raw, sizeof *list) == 0 && list != plug.driver.raw);
  ExFreePool(list);
}

MICA_CASE("Io: the bus leaves the status of what it does not answer") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add("device Plug\ndriver Function\n") == STATUS_SUCCESS);
  for (UCHAR const minor : {IRP_MN_QUERY_RESOURCES, IRP_MN_QUERY_RESOURCE_REQUIREMENTS,
                            IRP_MN_QUERY_INTERFACE, IRP_MN_EJECT, IRP_MN_QUERY_BUS_INFORMATION})
    MICA_CHECK(ask(plug.driver.pdo, minor).answer.Status == mark);
  for (UCHAR const minor : {IRP_MN_QUERY_STOP_DEVICE, IRP_MN_STOP_DEVICE, IRP_MN_CANCEL_STOP_DEVICE,
                            IRP_MN_DEVICE_USAGE_NOTIFICATION})
    MICA_CHECK(ask(plug.driver.pdo, minor).answer.Status == STATUS_SUCCESS);
  IO_STACK_LOCATION location{};
  MICA_CHECK(Asked(plug.driver.pdo, IRP_MJ_SYSTEM_CONTROL, location).answer.Status == mark);
  MICA_CHECK(Asked(plug.driver.pdo, IRP_MJ_READ, location).answer.Status ==
             STATUS_INVALID_DEVICE_REQUEST);
  for (UCHAR const minor : {IRP_MN_SET_POWER, IRP_MN_QUERY_POWER, IRP_MN_WAIT_WAKE}) {
    location.MinorFunction = minor;
    MICA_CHECK(Asked(plug.driver.pdo, IRP_MJ_POWER, location).answer.Status ==
               (minor == IRP_MN_WAIT_WAKE ? mark : STATUS_SUCCESS));
  }
}
