// Requests of cases to the devices of loaded drivers, also such as take their time.
#pragma once

#include "support.hpp"

namespace mica::test {

// A device that is opened for reading and writing, and asked by its driver's own requests.
class OpenedDevice {
 public:
  template <std::size_t N>
  explicit OpenedDevice(WCHAR const (&name)[N]) noexcept : OpenedDevice{*Text{name}.operator->()} {}
  explicit OpenedDevice(UNICODE_STRING name) noexcept {
    MICA_REQUIRE(IoGetDeviceObjectPointer(&name, FILE_READ_DATA | FILE_WRITE_DATA, &file_,
                                          &device_) == STATUS_SUCCESS);
  }
  OpenedDevice(OpenedDevice const&) = delete;
  OpenedDevice& operator=(OpenedDevice const&) = delete;
  ~OpenedDevice() { ObDereferenceObject(file_); }

  [[nodiscard]] PDEVICE_OBJECT get() const noexcept { return device_; }
  [[nodiscard]] PFILE_OBJECT file() const noexcept { return file_; }

 private:
  PFILE_OBJECT file_ = nullptr;
  PDEVICE_OBJECT device_ = nullptr;
};

// A request, sent when it is made. What it refers to must stay until it has ended; the IRP may be
// touched before that.
class Request {
 public:
  [[nodiscard]] static Request read(OpenedDevice& device, void* buffer, ULONG length) noexcept {
    return {device, IRP_MJ_READ, buffer, length};
  }
  [[nodiscard]] static Request write(OpenedDevice& device, void* buffer, ULONG length) noexcept {
    return {device, IRP_MJ_WRITE, buffer, length};
  }
  // What is not read and not written, but asked for by its major function alone.
  [[nodiscard]] static Request plain(OpenedDevice& device, UCHAR major) noexcept {
    return {device, major, nullptr, 0};
  }
  [[nodiscard]] static Request control(OpenedDevice& device, ULONG code, void* input,
                                       ULONG input_length, void* output,
                                       ULONG output_length) noexcept {
    return {device, code, input, input_length, output, output_length};
  }
  Request(Request const&) = delete;
  Request& operator=(Request const&) = delete;

  // What the dispatch routine returned.
  [[nodiscard]] NTSTATUS sent() const noexcept { return sent_; }
  [[nodiscard]] bool pending() noexcept {
    return sent_ == STATUS_PENDING && KeReadStateEvent(&done_) == 0;
  }
  // Of an error that it did not take time for nobody is told but by what was returned.
  [[nodiscard]] NTSTATUS status() noexcept {
    if (NT_ERROR(sent_)) return sent_;
    KeWaitForSingleObject(&done_, Executive, KernelMode, FALSE, nullptr);
    return result_.Status;
  }
  // Also waits.
  [[nodiscard]] ULONG_PTR information() noexcept {
    static_cast<void>(status());
    return result_.Information;
  }
  [[nodiscard]] bool cancel() noexcept { return IoCancelIrp(irp_) != FALSE; }

 private:
  Request(OpenedDevice& device, UCHAR major, void* buffer, ULONG length) noexcept {
    LARGE_INTEGER offset{};
    bool const transfer = major == IRP_MJ_READ || major == IRP_MJ_WRITE;
    send(device,
         IoBuildSynchronousFsdRequest(transfer ? major : IRP_MJ_FLUSH_BUFFERS, device.get(), buffer,
                                      length, &offset, &done_, &result_),
         major);
  }
  Request(OpenedDevice& device, ULONG code, void* input, ULONG input_length, void* output,
          ULONG output_length) noexcept {
    send(device,
         IoBuildDeviceIoControlRequest(code, device.get(), input, input_length, output,
                                       output_length, FALSE, &done_, &result_),
         IRP_MJ_DEVICE_CONTROL);
  }

  void send(OpenedDevice& device, PIRP irp, UCHAR major) noexcept {
    MICA_REQUIRE(irp != nullptr);
    KeInitializeEvent(&done_, NotificationEvent, FALSE);
    irp_ = irp;
    IoGetNextIrpStackLocation(irp)->MajorFunction = major;
    IoGetNextIrpStackLocation(irp)->FileObject = device.file();
    sent_ = IoCallDriver(device.get(), irp);
  }

  KEVENT done_;
  IO_STATUS_BLOCK result_{};
  PIRP irp_ = nullptr;
  NTSTATUS sent_ = STATUS_UNSUCCESSFUL;
};

}  // namespace mica::test
