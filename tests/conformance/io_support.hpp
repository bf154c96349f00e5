// What the I/O cases share: a driver whose devices do what a case says.
#pragma once

#include "ob_support.hpp"
#include "support.hpp"

#include <nt/io.h>

namespace mica::test {

// A driver that does nothing yet, referenced.
[[nodiscard]] inline PDRIVER_OBJECT create_driver(UNICODE_STRING* name) noexcept {
  MICA_REQUIRE(IoCreateDriver(name, [](PDRIVER_OBJECT, PUNICODE_STRING) NTAPI -> NTSTATUS {
                 return STATUS_SUCCESS;
               }) == STATUS_SUCCESS);
  void* object = nullptr;
  MICA_REQUIRE(ObReferenceObjectByName(name, OBJ_CASE_INSENSITIVE, nullptr, 0, nullptr, KernelMode,
                                       nullptr, &object) == STATUS_SUCCESS);
  return static_cast<PDRIVER_OBJECT>(object);
}

// A device that is ready for use.
[[nodiscard]] inline PDEVICE_OBJECT create_device(PDRIVER_OBJECT driver, ULONG extension_bytes,
                                                  UNICODE_STRING* name = nullptr,
                                                  BOOLEAN exclusive = FALSE) noexcept {
  PDEVICE_OBJECT device = nullptr;
  MICA_REQUIRE(IoCreateDevice(driver, extension_bytes, name, FILE_DEVICE_UNKNOWN, 0, exclusive,
                              &device) == STATUS_SUCCESS);
  device->Flags &= ~ULONG{DO_DEVICE_INITIALIZING};
  return device;
}

// A driver for the length of a case; every slot that the case does not fill stays the I/O
// manager's.
class Driver {
 public:
  Driver() noexcept = default;
  Driver(Driver const&) = delete;
  Driver& operator=(Driver const&) = delete;
  ~Driver() {
    while (object_->DeviceObject != nullptr) IoDeleteDevice(object_->DeviceObject);
    ObDereferenceObject(object_);
    IoDeleteDriver(object_);
  }
  [[nodiscard]] PDRIVER_OBJECT get() const noexcept { return object_; }
  PDRIVER_OBJECT operator->() const noexcept { return object_; }

  // A device that is ready for use; it is deleted with the driver.
  template <class Extension = int>
  [[nodiscard]] PDEVICE_OBJECT make(UNICODE_STRING* name = nullptr,
                                    BOOLEAN exclusive = FALSE) const noexcept {
    return create_device(object_, sizeof(Extension), name, exclusive);
  }

 private:
  PDRIVER_OBJECT const object_ = create_driver(Text{u"\\Driver\\MicaTest"});
};

inline NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information = 0) noexcept {
  irp->IoStatus.Status = status;
  irp->IoStatus.Information = information;
  IoCompleteRequest(irp, IO_NO_INCREMENT);
  return status;
}

}  // namespace mica::test
