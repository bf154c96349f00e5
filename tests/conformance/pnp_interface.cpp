// Device interfaces: their names, who can open them, what is found of them.
//       [MSDN IoRegisterDeviceInterface, IoSetDeviceInterfaceState, IoGetDeviceInterfaces, ...]
#include <nt/rtl/string.h>

#include "pnp_bus_driver.hpp"
#include "pnp_interface_support.hpp"

using namespace mica::test;

namespace {

constexpr std::string_view plug_text = "device Plug\ndriver Function\n";

struct InterfaceCase {
  PlugCase plug;

  InterfaceCase() noexcept { MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS); }
  [[nodiscard]] PDEVICE_OBJECT pdo() const noexcept { return plug.driver.pdo; }
};

// The names that there are, one behind the other.
template <std::size_t N>
[[nodiscard]] bool are(PDEVICE_OBJECT pdo, ULONG flags, WCHAR const (&expected)[N]) noexcept {
  PWSTR list = nullptr;
  MICA_REQUIRE(IoGetDeviceInterfaces(&first_use, pdo, flags, &list) == STATUS_SUCCESS);
  bool const same = std::memcmp(list, expected, sizeof expected) == 0;
  ExFreePool(list);
  return same;
}

}  // namespace

MICA_CASE("Io: an interface is called by its device, its class and its reference") {
  InterfaceCase test;
  InterfaceOf const plain{test.pdo(), first_use};
  MICA_REQUIRE(plain.status == STATUS_SUCCESS);
  MICA_CHECK(plain.is(u"\\??\\ROOT#Plug#0000#{c0ffee00-0123-4567-89ab-cdef01234567}"));
  InterfaceOf const again{test.pdo(), first_use};
  MICA_CHECK(again.is(u"\\??\\ROOT#Plug#0000#{c0ffee00-0123-4567-89ab-cdef01234567}"));
  InterfaceOf const referring{test.pdo(), first_use, u"Part 1"};
  MICA_CHECK(referring.is(u"\\??\\ROOT#Plug#0000#{c0ffee00-0123-4567-89ab-cdef01234567}\\Part 1"));
  MICA_CHECK(InterfaceOf(test.pdo(), first_use, u"a\\b").status == STATUS_INVALID_PARAMETER);
  MICA_CHECK(InterfaceOf(test.pdo(), first_use, u"a/b").status == STATUS_INVALID_PARAMETER);
  MICA_CHECK(InterfaceOf(test.plug.driver.device, first_use).status ==
             STATUS_INVALID_DEVICE_REQUEST);
}

MICA_CASE("Io: a device is opened by the name of an interface that is enabled") {
  InterfaceCase test;
  InterfaceOf one{test.pdo(), first_use};
  MICA_CHECK(open_by(one.name) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, FALSE) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, TRUE) == STATUS_OBJECT_NAME_EXISTS);
  MICA_CHECK(open_by(one.name) == STATUS_SUCCESS);
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(open_by(one.name) == STATUS_OBJECT_NAME_NOT_FOUND);
  Text nobody{u"\\??\\ROOT#Plug#0001"};
  MICA_CHECK(IoSetDeviceInterfaceState(nobody, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Io: interfaces with references share a device's link, until the last is disabled") {
  InterfaceCase test;
  InterfaceOf one{test.pdo(), first_use, u"One"}, two{test.pdo(), first_use, u"Two"};
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(IoSetDeviceInterfaceState(&two.name, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(open_by(two.name) == STATUS_SUCCESS);
  MICA_CHECK(IoSetDeviceInterfaceState(&two.name, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(open_by(two.name) != STATUS_SUCCESS);
}

MICA_CASE("Io: interfaces of a class are found, of one device or of all, enabled or not") {
  InterfaceCase test;
  InterfaceOf one{test.pdo(), first_use}, other{test.pdo(), second_use};
  MICA_CHECK(are(nullptr, 0, u""));
  MICA_CHECK(IoSetDeviceInterfaceState(&other.name, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(are(test.pdo(), 0, u""));
  WCHAR const name[] = u"\\??\\ROOT#Plug#0000#{c0ffee00-0123-4567-89ab-cdef01234567}\0";
  MICA_CHECK(are(nullptr, DEVICE_INTERFACE_INCLUDE_NONACTIVE, name));
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(are(nullptr, 0, name) && are(test.pdo(), 0, name));
  PWSTR list = nullptr;
  MICA_CHECK(IoGetDeviceInterfaces(&first_use, test.plug.driver.device, 0, &list) ==
             STATUS_INVALID_DEVICE_REQUEST);
  Story story;
  Text second{u"\\Driver\\Second"};
  Plugger driver{story, 's', second};
  MICA_REQUIRE(test.plug.devices.add("device Other\ndriver Second\n") == STATUS_SUCCESS);
  MICA_CHECK(are(driver.pdo, DEVICE_INTERFACE_INCLUDE_NONACTIVE, u""));
  MICA_CHECK(test.plug.devices.remove("Other") == STATUS_SUCCESS);
}

MICA_CASE("Io: an interface's alias is the same device's for another use") {
  InterfaceCase test;
  InterfaceOf one{test.pdo(), first_use, u"R"}, other{test.pdo(), second_use, u"R"};
  InterfaceOf plain{test.pdo(), second_use};
  UNICODE_STRING alias;
  MICA_REQUIRE(IoGetDeviceInterfaceAlias(&one.name, &second_use, &alias) == STATUS_SUCCESS);
  MICA_CHECK(RtlEqualUnicodeString(&alias, &other.name, FALSE) != FALSE);
  RtlFreeUnicodeString(&alias);
  MICA_CHECK(IoGetDeviceInterfaceAlias(&plain.name, &first_use, &alias) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
  Text nobody{u"\\??\\ROOT#Plug#0001"};
  MICA_CHECK(IoGetDeviceInterfaceAlias(nobody, &first_use, &alias) == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Io: a key keeps what is known of an interface") {
  InterfaceCase test;
  InterfaceOf one{test.pdo(), first_use}, part{test.pdo(), first_use, u"Part"};
  Text value{u"Number"};
  ULONG number = 7;
  HANDLE key = nullptr;
  MICA_REQUIRE(IoOpenDeviceInterfaceRegistryKey(&one.name, KEY_ALL_ACCESS, &key) == STATUS_SUCCESS);
  MICA_CHECK(ZwSetValueKey(key, value, 0, REG_DWORD, &number, sizeof number) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
  struct {
    KEY_VALUE_PARTIAL_INFORMATION information;
    UCHAR rest[8];
  } found;
  ULONG length = 0;
  auto query = [&](UNICODE_STRING* name) noexcept {
    MICA_REQUIRE(IoOpenDeviceInterfaceRegistryKey(name, KEY_READ, &key) == STATUS_SUCCESS);
    NTSTATUS const status =
        ZwQueryValueKey(key, value, KeyValuePartialInformation, &found, sizeof found, &length);
    MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
    return status;
  };
  MICA_CHECK(query(&one.name) == STATUS_SUCCESS && found.information.Data[0] == 7);
  MICA_CHECK(query(&part.name) == STATUS_OBJECT_NAME_NOT_FOUND);
  Text nobody{u"\\??\\ROOT#Plug#0001"};
  MICA_CHECK(IoOpenDeviceInterfaceRegistryKey(nobody, KEY_READ, &key) ==
             STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Io: interfaces go with their device, and a device that comes again has none") {
  InterfaceCase test;
  InterfaceOf one{test.pdo(), first_use};
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, TRUE) == STATUS_SUCCESS);
  PDEVICE_OBJECT const pdo = test.pdo();
  ObReferenceObject(pdo);
  MICA_CHECK(test.plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(open_by(one.name) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, TRUE) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(InterfaceOf(pdo, first_use).status == STATUS_INVALID_DEVICE_REQUEST);
  ObDereferenceObject(pdo);
  MICA_REQUIRE(test.plug.devices.add(plug_text) == STATUS_SUCCESS);
  MICA_CHECK(are(nullptr, DEVICE_INTERFACE_INCLUDE_NONACTIVE, u""));
}

MICA_CASE("Io: a lost device cannot be opened by its interface, though a file is open") {
  InterfaceCase test;
  InterfaceOf one{test.pdo(), first_use};
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, TRUE) == STATUS_SUCCESS);
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoGetDeviceObjectPointer(&one.name, FILE_READ_DATA, &file, &device) ==
               STATUS_SUCCESS);
  MICA_CHECK(test.plug.devices.lose("Plug") == STATUS_SUCCESS);
  MICA_CHECK(open_by(one.name) == STATUS_OBJECT_NAME_NOT_FOUND);
  ObDereferenceObject(file);
}

MICA_CASE("Io: a device without a name has no interface that can be enabled") {
  Story story;
  CaseDevices devices;
  BusChild child{'1', u"CASE\\Thing"};
  Bus bus{devices, story, child};
  child.present = child.raw = true;
  child.named = false;
  MICA_REQUIRE(bus.add() == STATUS_SUCCESS);
  InterfaceOf one{child.pdo, first_use};
  MICA_CHECK(one.is(u"\\??\\CASE#Thing#1#{c0ffee00-0123-4567-89ab-cdef01234567}"));
  MICA_CHECK(IoSetDeviceInterfaceState(&one.name, TRUE) == STATUS_INVALID_DEVICE_REQUEST);
}
