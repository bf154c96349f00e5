// Devices that their bus ejects, and what goes with a device.
//       [MSDN IoRequestDeviceEject, IRP_MN_EJECT, IRP_MN_QUERY_DEVICE_RELATIONS]
#include <nt/rtl/string.h>

#include "pnp_bus_driver.hpp"

using namespace mica::test;

namespace {

// A bus with what needs no driver.
struct RawCase {
  Story story;
  CaseDevices devices;
  BusChild first{'1', u"CASE\\First"}, second{'2', u"CASE\\Second"}, third{'3', u"CASE\\Third"};
  Bus bus{devices, story, first, second, third};

  RawCase() noexcept {
    for (BusChild* const each : {&first, &second, &third}) each->present = each->raw = true;
    second.ejectable = true;
    MICA_REQUIRE(bus.add() == STATUS_SUCCESS);
    MICA_CHECK(story.is("bS 1S 2S 3S"));
  }
  void eject(BusChild const& child) noexcept {
    IoRequestDeviceEject(child.pdo);
    devices.settle();
  }
};

}  // namespace

MICA_CASE("Io: a device is ejected when it is removed, and gone when its bus says so") {
  RawCase test;
  test.eject(test.second);
  MICA_CHECK(test.story.is("2Q 2R 2J 2R"));
  MICA_CHECK(test.second.pdo == nullptr);
}

MICA_CASE("Io: a device that its bus keeps when it is to be ejected stays with it") {
  RawCase test;
  test.second.leaves = false;
  test.eject(test.second);
  MICA_CHECK(test.story.is("2Q 2R 2J"));
  MICA_CHECK(test.second.pdo != nullptr);
}

MICA_CASE("Io: a device that its bus cannot eject is removed only, and stays with its bus") {
  RawCase test;
  test.eject(test.first);
  MICA_CHECK(test.story.is("1Q 1R"));
  MICA_CHECK(test.first.pdo != nullptr);
  test.eject(test.first);
  MICA_CHECK(test.story.is(""));
}

MICA_CASE("Io: a device is not ejected that cannot be removed") {
  RawCase test;
  ULONG length = 0;
  WCHAR text[32];
  MICA_REQUIRE(IoGetDeviceProperty(test.first.pdo, DevicePropertyPhysicalDeviceObjectName,
                                   sizeof text, text, &length) == STATUS_SUCCESS);
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, text);
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  test.eject(test.first);
  MICA_CHECK(test.story.is("1Q 1C"));
  ObDereferenceObject(file);
  test.eject(test.first);
  MICA_CHECK(test.story.is("1Q 1R"));
}

MICA_CASE("Io: what a device takes along when it is removed, and when it is ejected") {
  RawCase test;
  test.first.removed_with = test.second.pdo;
  test.first.ejected_with = test.third.pdo;
  MICA_CHECK(test.devices.remove("CASE\\First\\1") == STATUS_SUCCESS);
  MICA_CHECK(test.story.is("2Q 1Q 2R 1R"));
  MICA_CHECK(test.devices.remove("CASE\\Third\\1") == STATUS_SUCCESS);
  static_cast<void>(test.story.is(""));
  for (BusChild* const each : {&test.first, &test.second, &test.third}) each->present = false;
  test.bus.change();
  MICA_CHECK(test.story.is("1R 2R 3R"));
  for (BusChild* const each : {&test.first, &test.second, &test.third}) each->present = true;
  test.bus.change();
  static_cast<void>(test.story.is(""));
  test.first.removed_with = nullptr;
  test.first.ejected_with = test.third.pdo;
  test.eject(test.first);
  MICA_CHECK(test.story.is("3Q 1Q 3R 1R"));
}

MICA_CASE("Io: what goes with a device is lost with it, and stays with its bus") {
  RawCase test;
  test.first.removed_with = test.second.pdo;
  test.first.present = false;
  test.bus.change();
  MICA_CHECK(test.story.is("2X 1X 2R 1R"));
  MICA_CHECK(test.first.pdo == nullptr && test.second.pdo != nullptr);
}

MICA_CASE("Io: a device that is going is asked for nothing any more") {
  RawCase test;
  PDEVICE_OBJECT const pdo = test.first.pdo;
  ObReferenceObject(pdo);
  test.first.present = false;
  test.bus.change();
  static_cast<void>(test.story.is(""));
  IoRequestDeviceEject(pdo);
  IoInvalidateDeviceState(pdo);
  test.devices.settle();
  MICA_CHECK(test.story.is(""));
  ObDereferenceObject(pdo);
}
