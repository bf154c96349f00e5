// Devices that are removed, and those that are gone.
//   [MSDN "Removing a Device", IRP_MN_QUERY_REMOVE_DEVICE, IRP_MN_SURPRISE_REMOVAL]
#include "pnp_support.hpp"
#include "support.hpp"

using namespace mica::test;

namespace {

constexpr std::string_view plug_text = "device Plug\ndriver Function\n";

// A file that is open on the device.
struct OpenFile {
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;

  explicit OpenFile(UNICODE_STRING* name) noexcept {
    MICA_REQUIRE(IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device) == STATUS_SUCCESS);
  }
  OpenFile(OpenFile const&) = delete;
  OpenFile& operator=(OpenFile const&) = delete;
  ~OpenFile() { close(); }
  void close() noexcept {
    if (file != nullptr) ObDereferenceObject(file);
    file = nullptr;
  }
};

NTSTATUS open_again(UNICODE_STRING* name) noexcept {
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  NTSTATUS const status = IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file, &device);
  if (file != nullptr) ObDereferenceObject(file);
  return status;
}

}  // namespace

MICA_CASE("Io: a removed device is gone with its driver's, and can come again") {
  PlugCase plug;
  for (int round = 0; round < 2; ++round) {
    MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS);
    MICA_CHECK(plug.story.is("fA fS fK fP fL"));
    MICA_CHECK(plug.devices.remove("Plug") == STATUS_SUCCESS);
    MICA_CHECK(plug.story.is("fQ fR"));
    MICA_CHECK(plug.driver.object->DeviceObject == nullptr);
    MICA_CHECK(plug.devices.remove("Plug") == STATUS_NO_SUCH_DEVICE);
    MICA_CHECK(plug.devices.lose("Plug") == STATUS_NO_SUCH_DEVICE);
  }
}

MICA_CASE("Io: a driver that refuses keeps its device, and is told that it stays") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS);
  MICA_CHECK(plug.story.is("fA fS fK fP fL"));
  plug.driver.failing_minor = IRP_MN_QUERY_REMOVE_DEVICE;
  plug.driver.failure = STATUS_UNSUCCESSFUL;
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_UNSUCCESSFUL);
  MICA_CHECK(plug.story.is("fQ fC"));
  MICA_CHECK(plug.driver.device != nullptr);
  plug.driver.failing_minor = -1;
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(plug.story.is("fQ fR"));
}

MICA_CASE("Io: an open file keeps its device") {
  PlugCase plug;
  Text name{u"\\Device\\Plugged"};
  plug.driver.device_name = name;
  MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS);
  OpenFile open{name};
  MICA_CHECK(plug.story.is("fA fS fK fP fL fo fc"));
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_DEVICE_BUSY);
  MICA_CHECK(plug.story.is("fQ fC"));
  MICA_CHECK(open_again(name) == STATUS_SUCCESS);
  MICA_CHECK(plug.story.is("fo fc fz"));
  open.close();
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(plug.story.is("fz fQ fR"));
}

MICA_CASE("Io: a device that is gone is removed at once if no file is open on it") {
  PlugCase plug;
  MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS);
  MICA_CHECK(plug.story.is("fA fS fK fP fL"));
  MICA_CHECK(plug.devices.lose("Plug") == STATUS_SUCCESS);
  MICA_CHECK(plug.story.is("fX fR"));
  MICA_CHECK(plug.driver.object->DeviceObject == nullptr);
  MICA_CHECK(plug.devices.lose("Plug") == STATUS_NO_SUCH_DEVICE);
}

MICA_CASE("Io: a device that is gone is removed when the last file on it is closed") {
  PlugCase plug;
  Text name{u"\\Device\\Plugged"};
  plug.driver.device_name = name;
  MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS);
  OpenFile first{name}, second{name};
  MICA_CHECK(plug.story.is("fA fS fK fP fL fo fc fo fc"));
  MICA_CHECK(plug.devices.lose("Plug") == STATUS_SUCCESS);
  MICA_CHECK(plug.story.is("fX"));
  MICA_CHECK(open_again(name) == STATUS_NO_SUCH_DEVICE);
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_NO_SUCH_DEVICE);
  MICA_CHECK(plug.devices.lose("Plug") == STATUS_NO_SUCH_DEVICE);
  MICA_CHECK(plug.devices.add(plug_text) == STATUS_OBJECT_NAME_COLLISION);
  first.close();
  sleep(millisecond_100ns);
  MICA_CHECK(plug.story.is("fz"));
  second.close();
  until([&] {
    return plug.devices.lose("Nobody") == STATUS_NO_SUCH_DEVICE && plug.driver.device == nullptr;
  });
  MICA_CHECK(plug.story.is("fz fR"));
  MICA_CHECK(plug.devices.add(plug_text) == STATUS_SUCCESS);
}

MICA_CASE("Io: a device that left the stack of one that is removed cannot be opened either") {
  PlugCase plug;
  Text name{u"\\Device\\Plugged"};
  plug.driver.device_name = name;
  plug.driver.keeps_device = true;
  MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS);
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(open_again(name) == STATUS_NO_SUCH_DEVICE);
  IoDetachDevice(plug.driver.below);
  MICA_CHECK(open_again(name) == STATUS_NO_SUCH_DEVICE);
  IoDeleteDevice(plug.driver.device);
  plug.driver.keeps_device = false;
}

MICA_CASE("Io: a driver's device that stays attached keeps what is below it, not the name") {
  PlugCase plug;
  plug.driver.keeps_device = true;
  MICA_REQUIRE(plug.devices.add(plug_text) == STATUS_SUCCESS);
  PDEVICE_OBJECT const pdo = plug.driver.pdo;
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_SUCCESS);
  MICA_CHECK(plug.devices.remove("Plug") == STATUS_NO_SUCH_DEVICE);
  MICA_CHECK(plug.driver.below == pdo && pdo->AttachedDevice == plug.driver.device);
  ULONG length = 0;
  MICA_CHECK(IoGetDeviceProperty(pdo, DevicePropertyEnumeratorName, 0, nullptr, &length) ==
             STATUS_INVALID_DEVICE_REQUEST);
  plug.driver.detach_and_delete();
  plug.driver.keeps_device = false;
  MICA_CHECK(plug.devices.add(plug_text) == STATUS_SUCCESS);
}
