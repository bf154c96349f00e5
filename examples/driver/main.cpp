// A driver's test: it is loaded into a System, its device is read, it is unloaded.
//   cmake -B build -DCMAKE_PREFIX_PATH=<where mica was installed> && cmake --build build &&
//   build/driver
#include <nt/ntddk.h>
#include <mica/driver.hpp>

#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
#include <string>

#include "greeter_image.hpp"

namespace {

// What a read of the device gives; in a thread of the System.
std::string greeting() {
  UNICODE_STRING name;
  RtlInitUnicodeString(&name, u"\\Device\\Greeter");
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  if (!NT_SUCCESS(IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device))) return "";
  char buffer[16] = {};
  KEVENT done;
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  IO_STATUS_BLOCK result{};
  LARGE_INTEGER offset{};
  PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, buffer, sizeof buffer, &offset,
                                                &done, &result);
  if (irp != nullptr && IoCallDriver(device, irp) == STATUS_PENDING) {
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
  }
  ObDereferenceObject(file);
  return buffer;
}

}  // namespace

TEST_CASE("the driver greets who reads its device") {
  mica::System system;
  mica::Driver driver = system.load(greeter_image(), "greeter");
  REQUIRE(driver.entry_status() == STATUS_SUCCESS);
  std::string said;
  system.run([&] { said = greeting(); });
  CHECK(said == "hello");
  CHECK(driver.unload() == STATUS_SUCCESS);
}
