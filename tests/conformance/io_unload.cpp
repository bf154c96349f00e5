// When drivers are unloaded: which may be, and for what it waits.            [MSDN ZwUnloadDriver]
#include "io_support.hpp"

#include <nt/zw/drivers.h>

using namespace mica::test;

namespace {

// A driver \Driver\MicaGoes that can be unloaded. It must have been before the scope ends.
class Goes {
 public:
  Goes() noexcept {
    object_->DriverUnload = unload_routine;
    void* extension = nullptr;
    MICA_REQUIRE(IoAllocateDriverObjectExtension(object_, &extension_name, sizeof(Goes*),
                                                 &extension) == STATUS_SUCCESS);
    *static_cast<Goes**>(extension) = this;
  }
  Goes(Goes const&) = delete;
  Goes& operator=(Goes const&) = delete;
  ~Goes() { ObDereferenceObject(object_); }

  PDRIVER_OBJECT operator->() const noexcept { return object_; }
  [[nodiscard]] PDEVICE_OBJECT make() const noexcept { return create_device(object_, 0); }
  [[nodiscard]] NTSTATUS unload() noexcept { return ZwUnloadDriver(service_); }
  [[nodiscard]] int unloaded() const noexcept { return unloaded_; }

 private:
  static inline char extension_name = 0;  // its address is

  static void NTAPI unload_routine(PDRIVER_OBJECT driver) {
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    while (driver->DeviceObject != nullptr) IoDeleteDevice(driver->DeviceObject);
    ++(*static_cast<Goes**>(IoGetDriverObjectExtension(driver, &extension_name)))->unloaded_;
  }

  Text service_{u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\MicaGoes"};
  PDRIVER_OBJECT const object_ = create_driver(Text{u"\\Driver\\MicaGoes"});
  std::atomic<int> unloaded_{0};
};

}  // namespace

MICA_CASE("Io: a driver without an unload routine is not unloaded") {
  Goes driver;
  PDRIVER_UNLOAD const routine = driver->DriverUnload;
  driver->DriverUnload = nullptr;
  MICA_CHECK(driver.unload() == STATUS_INVALID_DEVICE_REQUEST);
  driver->DriverUnload = routine;
  MICA_CHECK(driver.unload() == STATUS_SUCCESS);
  MICA_CHECK(driver.unloaded() == 1);
  MICA_CHECK(driver.unload() == STATUS_OBJECT_NAME_NOT_FOUND);
}

MICA_CASE("Io: a driver is found by the key of its service, and by no other that is as long") {
  Goes driver;
  Text elsewhere{u"\\Registry\\Machine\\System\\CurrentControlSet\\Servants\\MicaGoes"};
  MICA_CHECK(ZwUnloadDriver(elsewhere) == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(driver.unloaded() == 0);
  MICA_CHECK(driver.unload() == STATUS_SUCCESS);
}

MICA_CASE("Io: a driver is unloaded when no device is attached above its own any more") {
  Driver above;
  Goes driver;
  PDEVICE_OBJECT const device = driver.make();
  MICA_REQUIRE(IoAttachDeviceToDeviceStack(above.make(), device) == device);
  MICA_CHECK(driver.unload() == STATUS_SUCCESS);
  MICA_CHECK(driver.unloaded() == 0);
  MICA_CHECK(driver.unload() == STATUS_INVALID_DEVICE_REQUEST);
  IoDetachDevice(device);
  until([&] { return driver.unloaded() != 0; });
  MICA_CHECK(driver.unloaded() == 1);
}

namespace {

// A device of a driver of plugged devices, attached above another driver's.
struct Plugged {
  Driver below;
  Goes driver;
  PDEVICE_OBJECT device, target;

  Plugged() noexcept {
    driver->DriverExtension->AddDevice = [](PDRIVER_OBJECT, PDEVICE_OBJECT)
                                             NTAPI -> NTSTATUS { return STATUS_SUCCESS; };
    device = driver.make();
    target = below.make();
    MICA_REQUIRE(IoAttachDeviceToDeviceStack(device, target) == target);
  }
};

}  // namespace

MICA_CASE("Io: a driver of plugged devices is unloaded at once if none of its own is attached") {
  Plugged plugged;
  IoDetachDevice(plugged.target);
  MICA_CHECK(plugged.driver.unload() == STATUS_SUCCESS);
  MICA_CHECK(plugged.driver.unloaded() == 1);
}

MICA_CASE("Io: a driver of plugged devices is unloaded when the last of its own is detached") {
  Plugged plugged;
  MICA_CHECK(plugged.driver.unload() == STATUS_SUCCESS);
  MICA_CHECK(plugged.driver.unloaded() == 0);
  IoDetachDevice(plugged.target);
  IoDeleteDevice(plugged.device);
  until([&] { return plugged.driver.unloaded() != 0; });
  MICA_CHECK(plugged.driver.unloaded() == 1);
}
