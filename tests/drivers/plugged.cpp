// A device whose drivers others compiled: on both machines, from the same RAM disk.
#include "../conformance/interrupt_support.hpp"
#include "../conformance/pnp_support.hpp"
#include "plug.h"
#include "requests.hpp"

using namespace mica::test;

namespace {

constexpr std::string_view plug_text =
    "device Plug\n"
    "friendly-name \"Plug 1\"\n"
    "class Sample " MICA_CASE_CLASS
    "\n"
    "driver plug\n"
    "upper sieve\n"
    "port 0x300 8\n"
    "interrupt 0x55 latched\n";

// The driver and its filter are loaded for the device, and unloaded here.
struct PlugDrivers {
  CaseDevices devices;
  Service plug{u"plug"}, sieve{u"sieve"};

  PlugDrivers() noexcept = default;
  PlugDrivers(PlugDrivers const&) = delete;
  PlugDrivers& operator=(PlugDrivers const&) = delete;
  ~PlugDrivers() {
    MICA_CHECK(plug.unload() == STATUS_SUCCESS);
    MICA_CHECK(sieve.unload() == STATUS_SUCCESS);
  }
};

// An interrupt arrives when its processor gets to it. One of a lower vector arrives after it.
void until_interrupts_arrived() noexcept {
  Device last;
  last.vector = 0x35;
  last.level = 3;
  MICA_REQUIRE(last.connect() == STATUS_SUCCESS);
  last.ask();
  until([&] { return last.quiet(); });
}

}  // namespace

MICA_CASE(
    "Io: a driver that others compiled starts its device, uses what it is assigned, and goes") {
  PlugDrivers drivers;
  Text name{u"\\Device\\Plug"};
  for (int round = 0; round < 2; ++round) {
    MICA_REQUIRE(drivers.devices.add(plug_text) == STATUS_SUCCESS);
    {
      OpenDevice const device{name};
      MICA_REQUIRE(device.status() == STATUS_SUCCESS);
      auto const found = device.read<PLUG_INFORMATION>();
      MICA_CHECK(found.Resources == 2 && found.PortStart == 0x300 && found.PortLength == 8);
      MICA_CHECK(found.Vector == 0x55 && found.Interrupts == 0 && found.Filters == 1);
      interrupt(0, 0x55);
      while (device.read<PLUG_INFORMATION>().Interrupts != 1) sleep(millisecond_100ns);
      MICA_CHECK(drivers.devices.remove("Plug") == STATUS_DEVICE_BUSY);
      MICA_CHECK(device.read<PLUG_INFORMATION>().Interrupts == 1);
    }
    MICA_CHECK(drivers.devices.remove("Plug") == STATUS_SUCCESS);
    MICA_CHECK(OpenDevice{name}.status() == STATUS_OBJECT_NAME_NOT_FOUND);
    interrupt(0, 0x55);  // nobody's
    until_interrupts_arrived();
  }
}

MICA_CASE("Io: a driver that others compiled finds what was written for it") {
  PlugDrivers drivers;
  Text name{u"\\Device\\Plug"};
  MICA_REQUIRE(drivers.devices.add(plug_text) == STATUS_SUCCESS);
  MICA_CHECK(OpenDevice{name}.read<PLUG_INFORMATION>().Width == 0);
  MICA_CHECK(drivers.devices.remove("Plug") == STATUS_SUCCESS);
  {
    Attributes path{
        u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\" MICA_CASE_CLASS
        "\\0000"};
    Text value{u"Width"};
    HANDLE key = nullptr;
    ULONG width = 80;
    MICA_REQUIRE(ZwOpenKey(&key, KEY_ALL_ACCESS, path) == STATUS_SUCCESS);
    MICA_CHECK(ZwSetValueKey(key, value, 0, REG_DWORD, &width, sizeof width) == STATUS_SUCCESS);
    MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
  }
  MICA_REQUIRE(drivers.devices.add(plug_text) == STATUS_SUCCESS);
  MICA_CHECK(OpenDevice{name}.read<PLUG_INFORMATION>().Width == 80);
  MICA_CHECK(drivers.devices.remove("Plug") == STATUS_SUCCESS);
}

MICA_CASE(
    "Io: a driver that is to be unloaded is there until its device is removed, and gets no other") {
  CaseDevices devices;
  Service plug{u"plug"};
  MICA_REQUIRE(devices.add("device Plug\ndriver plug\n") == STATUS_SUCCESS);
  MICA_CHECK(plug.unload() == STATUS_SUCCESS);
  MICA_CHECK(devices.add("device Other\ndriver plug\n") == STATUS_DELETE_PENDING);
  MICA_CHECK(plug.unload() == STATUS_INVALID_DEVICE_REQUEST);  // it is there still
  MICA_CHECK(devices.remove("Plug") == STATUS_SUCCESS);
  while (plug.unload() != STATUS_OBJECT_NAME_NOT_FOUND) sleep(millisecond_100ns);
}

MICA_CASE("Io: a driver that others compiled goes when its device is gone and closed") {
  PlugDrivers drivers;
  Text name{u"\\Device\\Plug"};
  MICA_REQUIRE(drivers.devices.add(plug_text) == STATUS_SUCCESS);
  {
    OpenedDevice device{u"\\Device\\Plug"};
    PLUG_INFORMATION information;
    MICA_CHECK(drivers.devices.lose("Plug") == STATUS_SUCCESS);
    MICA_CHECK(OpenDevice{name}.status() == STATUS_NO_SUCH_DEVICE);
    MICA_CHECK(Request::read(device, &information, sizeof information).status() ==
               STATUS_DEVICE_NOT_CONNECTED);
  }
  while (OpenDevice{name}.status() != STATUS_OBJECT_NAME_NOT_FOUND) sleep(millisecond_100ns);
  MICA_REQUIRE(drivers.devices.add(plug_text) == STATUS_SUCCESS);
  MICA_CHECK(drivers.devices.remove("Plug") == STATUS_SUCCESS);
}
