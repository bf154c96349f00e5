// When drivers are unloaded: which may be, and for what it waits.            [MSDN ZwUnloadDriver]
#include "io_support.hpp"

#include <nt/zw/drivers.h>

using namespace mica::test;

namespace {

// A driver \Driver\MicaGoes that can be unloaded. It must have been before the scope ends.
class Goes {
 public:
  Goes() noexcept {
    MICA_REQUIRE(
        IoCreateDriver(name_, [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI -> NTSTATUS {
          driver->DriverUnload = unload_routine;
          return STATUS_SUCCESS;
        }) == STATUS_SUCCESS);
    void* object = nullptr;
    MICA_REQUIRE(ObReferenceObjectByName(name_, OBJ_CASE_INSENSITIVE, nullptr, 0, nullptr,
                                         KernelMode, nullptr, &object) == STATUS_SUCCESS);
    object_ = static_cast<PDRIVER_OBJECT>(object);
    void* extension = nullptr;
    MICA_REQUIRE(IoAllocateDriverObjectExtension(object_, &extension_name, sizeof(Goes*),
                                                 &extension) == STATUS_SUCCESS);
    *static_cast<Goes**>(extension) = this;
  }
  Goes(Goes const&) = delete;
  Goes& operator=(Goes const&) = delete;
  ~Goes() { ObDereferenceObject(object_); }

  PDRIVER_OBJECT operator->() const noexcept { return object_; }
  [[nodiscard]] PDEVICE_OBJECT make() const noexcept {
    PDEVICE_OBJECT device = nullptr;
    MICA_REQUIRE(IoCreateDevice(object_, 0, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &device) ==
                 STATUS_SUCCESS);
    device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
    return device;
  }
  [[nodiscard]] NTSTATUS unload() noexcept { return ZwUnloadDriver(service_); }
  [[nodiscard]] int unloaded() const noexcept { return unloaded_; }

 private:
  static inline char extension_name = 0;  // its address is

  static void NTAPI unload_routine(PDRIVER_OBJECT driver) {
    MICA_CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    while (driver->DeviceObject != nullptr) IoDeleteDevice(driver->DeviceObject);
    ++(*static_cast<Goes**>(IoGetDriverObjectExtension(driver, &extension_name)))->unloaded_;
  }

  Text name_{u"\\Driver\\MicaGoes"};
  Text service_{u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\MicaGoes"};
  PDRIVER_OBJECT object_ = nullptr;
  std::atomic<int> unloaded_{0};
};

NTSTATUS NTAPI add_nothing(PDRIVER_OBJECT, PDEVICE_OBJECT) {
  return STATUS_SUCCESS;
}

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

MICA_CASE("Io: a driver of plugged devices is unloaded at once if none of its own is attached") {
  Driver below;
  Goes driver;
  driver->DriverExtension->AddDevice = add_nothing;
  PDEVICE_OBJECT const device = driver.make();
  PDEVICE_OBJECT const target = below.make();
  MICA_REQUIRE(IoAttachDeviceToDeviceStack(device, target) == target);
  IoDetachDevice(target);
  MICA_CHECK(driver.unload() == STATUS_SUCCESS);
  MICA_CHECK(driver.unloaded() == 1);
}

MICA_CASE("Io: a driver of plugged devices is unloaded when the last of its own is detached") {
  Driver below;
  Goes driver;
  driver->DriverExtension->AddDevice = add_nothing;
  PDEVICE_OBJECT const device = driver.make();
  PDEVICE_OBJECT const target = below.make();
  MICA_REQUIRE(IoAttachDeviceToDeviceStack(device, target) == target);
  MICA_CHECK(driver.unload() == STATUS_SUCCESS);
  MICA_CHECK(driver.unloaded() == 0);
  IoDetachDevice(target);
  IoDeleteDevice(device);
  until([&] { return driver.unloaded() != 0; });
  MICA_CHECK(driver.unloaded() == 1);
}
