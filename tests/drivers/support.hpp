// What cases about loaded drivers share: a service by its name, and a device that is read.
#pragma once

#include "../conformance/ob_support.hpp"

#include <nt/ntifs.h>

#include <cstring>
#include <string_view>

namespace mica::test {

// The driver of the RAM disk's file of that name, and its key, which loading makes. It must be
// unloaded before the case ends.
class Service {
 public:
  explicit Service(std::u16string_view name) noexcept {
    constexpr std::u16string_view folder =
        u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\";
    MICA_REQUIRE(folder.size() + name.size() <= capacity);
    std::memcpy(text_, folder.data(), folder.size() * sizeof(WCHAR));
    std::memcpy(text_ + folder.size(), name.data(), name.size() * sizeof(WCHAR));
    path_.Buffer = text_;
    path_.Length = path_.MaximumLength =
        static_cast<USHORT>((folder.size() + name.size()) * sizeof(WCHAR));
  }
  Service(Service const&) = delete;
  Service& operator=(Service const&) = delete;
  ~Service() {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &path_, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               nullptr, nullptr);
    HANDLE key = nullptr;
    if (ZwOpenKey(&key, DELETE, &attributes) != STATUS_SUCCESS) return;  // none was made
    MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
    MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
  }

  [[nodiscard]] NTSTATUS load() noexcept { return ZwLoadDriver(&path_); }
  [[nodiscard]] NTSTATUS unload() noexcept { return ZwUnloadDriver(&path_); }

 private:
  static constexpr std::size_t capacity = 128;

  WCHAR text_[capacity];
  UNICODE_STRING path_{};
};

// A driver for the length of a case.
class Loaded {
 public:
  explicit Loaded(std::u16string_view name) noexcept : service_{name} {
    MICA_REQUIRE(service_.load() == STATUS_SUCCESS);
  }
  Loaded(Loaded const&) = delete;
  Loaded& operator=(Loaded const&) = delete;
  ~Loaded() { MICA_CHECK(service_.unload() == STATUS_SUCCESS); }

 private:
  Service service_;
};

// A device, opened as a file.
class OpenDevice {
 public:
  explicit OpenDevice(UNICODE_STRING* name) noexcept
      : status_{IoGetDeviceObjectPointer(name, FILE_READ_DATA, &file_, &device_)} {}
  OpenDevice(OpenDevice const&) = delete;
  OpenDevice& operator=(OpenDevice const&) = delete;
  ~OpenDevice() {
    if (file_ != nullptr) ObDereferenceObject(file_);
  }

  [[nodiscard]] NTSTATUS status() const noexcept { return status_; }

  // What a read gives that ends at once.
  template <class Value>
  [[nodiscard]] Value read() const noexcept {
    Value value{};
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IO_STATUS_BLOCK status{};
    LARGE_INTEGER offset{};
    PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device_, &value, sizeof value,
                                                  &offset, &done, &status);
    MICA_REQUIRE(irp != nullptr);
    MICA_CHECK(IoCallDriver(device_, irp) == STATUS_SUCCESS);
    MICA_CHECK(status.Information == sizeof value);
    return value;
  }

 private:
  PFILE_OBJECT file_ = nullptr;
  PDEVICE_OBJECT device_ = nullptr;
  NTSTATUS status_;
};

}  // namespace mica::test
