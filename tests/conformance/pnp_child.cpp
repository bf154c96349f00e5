// What hangs from a driver's bus: found, started, gone.
//       [MSDN IRP_MN_QUERY_DEVICE_RELATIONS, IoInvalidateDeviceRelations, "Removing a Device"]
#include <nt/rtl/string.h>

#include "pnp_bus_driver.hpp"
#include "support.hpp"

using namespace mica::test;

namespace {

constexpr std::string_view thing_text = "child CASE\\Thing\ndriver Function\n";
constexpr WCHAR thing_ids[] = u"CASE\\Better\0case\\THING\0";

// A bus, and a driver for what hangs from it.
struct ChildCase {
  Story story;
  CaseDevices devices;
  Text name{u"\\Driver\\Function"};
  Plugger driver{story, 'f', name};
  BusChild first{'1', u"CASE\\Thing"}, second{'2', u"CASE\\Thing"};
  Bus bus{devices, story, first, second};

  ChildCase() noexcept {
    for (BusChild* const each : {&first, &second}) {
      each->hardware_ids = thing_ids;
      each->hardware_bytes = sizeof thing_ids;
    }
    second.instance = u"2";
  }
};

bool has_key(WCHAR const* path) noexcept {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, path);
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, nullptr,
                             nullptr);
  HANDLE key = nullptr;
  if (ZwOpenKey(&key, KEY_READ, &attributes) != STATUS_SUCCESS) return false;
  MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
  return true;
}

}  // namespace

MICA_CASE("Io: what hangs from a bus when it starts is started, with its driver") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  test.first.present = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("bS fA fS 1S fK fP fL"));
  MICA_CHECK(test.driver.pdo == test.first.pdo && test.driver.below == test.first.pdo);
  MICA_CHECK((test.first.pdo->Flags & DO_BUS_ENUMERATED_DEVICE) != 0);
  MICA_CHECK(has_key(u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\CASE\\Thing\\1"));
  WCHAR text[40];
  ULONG length = 0;
  MICA_CHECK(IoGetDeviceProperty(test.first.pdo, DevicePropertyEnumeratorName, sizeof text, text,
                                 &length) == STATUS_SUCCESS);
  MICA_CHECK(length == sizeof u"CASE" && std::memcmp(text, u"CASE", length) == 0);
  MICA_CHECK(IoGetDeviceProperty(test.first.pdo, DevicePropertyHardwareID, sizeof text * 2, text,
                                 &length) != STATUS_INVALID_DEVICE_REQUEST);
  MICA_CHECK(length == sizeof thing_ids);
}

MICA_CASE("Io: a bus that hears of a change is asked again: who came starts, who went is lost") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("bS"));
  for (int round = 0; round < 2; ++round) {
    test.first.present = true;
    test.bus.change();
    MICA_CHECK(test.story.is("fA fS 1S fK fP fL"));
    test.bus.change();
    MICA_CHECK(test.story.is(""));
    test.first.present = false;
    test.bus.change();
    MICA_CHECK(test.story.is("fX 1X fR 1R"));
    MICA_CHECK(test.first.pdo == nullptr && test.driver.device == nullptr);
  }
}

MICA_CASE("Io: a bus that does not answer has lost nobody") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  test.first.present = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  static_cast<void>(test.story.is(""));
  test.first.present = false;
  test.bus.says_nothing = true;
  test.bus.change();
  MICA_CHECK(test.story.is("") && test.driver.device != nullptr);
  test.bus.says_nothing = false;
  test.bus.change();
  MICA_CHECK(test.story.is("fX 1X fR 1R"));
}

MICA_CASE("Io: relations but those of the bus are not asked for before they matter") {
  ChildCase test;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  test.first.present = test.first.raw = true;
  for (auto const type : {EjectionRelations, PowerRelations, RemovalRelations}) {
    IoInvalidateDeviceRelations(test.bus.pdo, type);
    test.devices.settle();
    MICA_CHECK(test.first.pdo == nullptr);
  }
  IoInvalidateDeviceRelations(test.bus.pdo, SingleBusRelations);
  test.devices.settle();
  MICA_CHECK(test.first.pdo != nullptr);
}

MICA_CASE("Io: a child without a driver waits for one, unless it needs none") {
  ChildCase test;
  test.first.present = true;
  test.second.present = test.second.raw = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("bS 2S"));
  PFILE_OBJECT file = nullptr;
  {
    ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
    MICA_CHECK(test.story.is("fA fS 1S fK fP fL"));
    MICA_CHECK(test.devices.add(thing_text) == STATUS_OBJECT_NAME_COLLISION);
  }
  MICA_CHECK(test.devices.forget("CASE\\Thing") == STATUS_NO_SUCH_DEVICE);
  MICA_CHECK(file == nullptr && test.driver.pdo == test.first.pdo);
  test.first.present = test.second.present = false;
  test.bus.change();
  MICA_CHECK(test.story.is("fX 1X fR 1R 2X 2R"));
}

MICA_CASE("Io: a child whose driver does not start it stays without, until it is gone") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  test.driver.failing_minor = IRP_MN_START_DEVICE;
  test.first.present = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("bS fA fS fR 1R"));
  test.driver.failing_minor = -1;
  test.bus.change();
  MICA_CHECK(test.story.is("") && test.first.pdo != nullptr);
  test.first.present = false;
  test.bus.change();
  MICA_CHECK(test.story.is("1R") && test.first.pdo == nullptr);
}

MICA_CASE("Io: a bus goes after what hangs from it") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  test.first.present = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("bS fA fS 1S fK fP fL"));
  MICA_CHECK(test.devices.remove("Bus") == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("fQ 1Q bQ fR 1R bR"));
  MICA_CHECK(test.first.pdo == nullptr && test.driver.device == nullptr);
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  static_cast<void>(test.story.is(""));
  MICA_CHECK(test.devices.lose("Bus") == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("fX 1X bX fR 1R bR"));
}

MICA_CASE("Io: a child that stays keeps its bus, and all who were asked are told") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  test.first.present = test.second.present = true;
  test.second.hardware_ids = nullptr;
  test.second.raw = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("bS fA fS 1S fK fP fL 2S"));
  test.driver.failing_minor = IRP_MN_QUERY_REMOVE_DEVICE;
  MICA_CHECK(test.devices.remove("Bus") == STATUS_UNSUCCESSFUL);
  MICA_CHECK(test.story.is("2Q fQ fC 1C 2C"));
  test.driver.failing_minor = -1;
  MICA_CHECK(test.devices.remove("Bus") == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("2Q fQ 1Q bQ 2R fR 1R bR"));
}

MICA_CASE("Io: a file on a child keeps the bus, and is waited for if the bus is gone") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  Text name{u"\\Device\\Plugged"};
  test.driver.device_name = name;
  test.first.present = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  static_cast<void>(test.story.is(""));
  MICA_CHECK(test.devices.remove("Bus") == STATUS_DEVICE_BUSY);
  MICA_CHECK(test.story.is("fQ 1Q bQ bC fC 1C"));
  MICA_CHECK(test.devices.lose("Bus") == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("fX 1X bX"));
  MICA_CHECK(test.devices.remove("Bus") == STATUS_NO_SUCH_DEVICE);
  ObDereferenceObject(file);
  until([&] {
    test.devices.settle();
    return test.bus.device == nullptr;
  });
  MICA_CHECK(test.story.is("fz fR 1R bR"));
}

MICA_CASE("Io: a child with a file on it is waited for, and its bus is not removed before") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  Text name{u"\\Device\\Plugged"};
  test.driver.device_name = name;
  test.first.present = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  static_cast<void>(test.story.is(""));
  test.first.present = false;
  test.bus.change();
  MICA_CHECK(test.story.is("fX 1X"));
  MICA_CHECK(test.devices.remove("Bus") == STATUS_DEVICE_BUSY);
  MICA_CHECK(test.story.is(""));
  ObDereferenceObject(file);
  until([&] {
    test.devices.settle();
    return test.first.pdo == nullptr;
  });
  MICA_CHECK(test.story.is("fz fR 1R"));
}

MICA_CASE("Io: a child that is removed is there still for its bus, and comes with another one") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  test.first.present = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  static_cast<void>(test.story.is(""));
  MICA_CHECK(test.devices.remove("case\\thing\\1") == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("fQ 1Q fR 1R"));
  MICA_CHECK(test.first.pdo != nullptr);
  MICA_CHECK(test.devices.remove("CASE\\Thing\\1") == STATUS_NO_SUCH_DEVICE);
  test.bus.change();
  MICA_CHECK(test.story.is(""));
  test.first.present = false;
  test.bus.change();
  MICA_CHECK(test.story.is("1R") && test.first.pdo == nullptr);
  test.first.present = true;
  test.bus.change();
  MICA_CHECK(test.story.is("fA fS 1S fK fP fL"));
}

MICA_CASE("Io: a child whose instance is not unique has its bus in its path") {
  ChildCase test;
  test.first.present = true;
  test.first.unique = false;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  WCHAR const path[] = u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\CASE\\Thing\\1";
  MICA_CHECK(!has_key(path));
  WCHAR const own[] =
      u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\CASE\\Thing\\81973135&1";
  MICA_CHECK(has_key(own));
}

MICA_CASE("Io: a device that says that it failed when it is asked again is lost") {
  ChildCase test;
  ChildDrivers const drivers{test.devices, "CASE\\Thing", thing_text};
  test.first.present = true;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  static_cast<void>(test.story.is(""));
  IoInvalidateDeviceState(test.first.pdo);
  test.devices.settle();
  MICA_CHECK(test.story.is("fP"));
  test.driver.state = PNP_DEVICE_FAILED;
  IoInvalidateDeviceState(test.first.pdo);
  test.devices.settle();
  MICA_CHECK(test.story.is("fP fX 1X fR 1R"));
  MICA_CHECK(test.first.pdo != nullptr);
  IoInvalidateDeviceState(test.first.pdo);
  test.devices.settle();
  MICA_CHECK(test.story.is(""));
}

MICA_CASE("Io: what is no physical device cannot be asked of: bugcheck PNP_DETECTED_FATAL_ERROR") {
  ChildCase test;
  MICA_REQUIRE(test.bus.add() == STATUS_SUCCESS);
  PDEVICE_OBJECT const device = test.bus.device;
  auto check = [&](Bugcheck const& end) {
    MICA_CHECK(end.code == PNP_DETECTED_FATAL_ERROR && end.parameters[0] == 2);
    MICA_CHECK(end.parameters[1] == reinterpret_cast<ULONG_PTR>(device));
    MICA_CHECK(end.parameters[2] == reinterpret_cast<ULONG_PTR>(device->DriverObject));
  };
  check(bugcheck_of([device] { IoInvalidateDeviceRelations(device, BusRelations); }));
  check(bugcheck_of([device] { IoInvalidateDeviceState(device); }));
  check(bugcheck_of([device] { IoRequestDeviceEject(device); }));
}
