// M1: of files and requests.
#include <nt/ntddk.h>

#include "conformance/file_support.hpp"
#include "conformance/security_support.hpp"
#include "shortage.hpp"

using namespace mica::explore;
using namespace mica::test;

namespace {

constexpr ULONG control_code(ULONG method) noexcept {
  return CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, method, FILE_ANY_ACCESS);
}

// What becomes of a request that its maker waits for; null: there was no memory for it.
NTSTATUS done(PDEVICE_OBJECT device, PIRP irp, KEVENT& event) noexcept {
  if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  NTSTATUS const status = IoCallDriver(device, irp);
  MICA_CHECK(wait(&event) == STATUS_SUCCESS);
  return status;
}

// A request comes to the driver, or is refused.
template <class Request>
void ask_served(Window& window, Server const& server, Request request) noexcept {
  ask(window, [&] {
    int const served = server->served;
    NTSTATUS const status = request();
    MICA_CHECK(server->served - served == (status == STATUS_SUCCESS));
    return status;
  });
}

}  // namespace

MICA_EXPLORE("M1-short-file",
             "M1: a driver closes each file that it opened, whatever memory there is",
             .processors = 1, .bound = 2, .shortage = true) {
  Server const server;
  ask(window, [&] {
    Attributes attributes{u"\\Device\\MicaFile\\Path", OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE};
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK result{};
    char extended[8] = {};
    int const created = server->created;
    NTSTATUS const status =
        close(ZwCreateFile(&handle, file_access, attributes, &result, nullptr, 0, 0, FILE_OPEN,
                           synchronous, extended, sizeof extended),
              handle);
    bool const opened = status == STATUS_SUCCESS;
    if (opened) MICA_CHECK(server->created == created + 1);
    if (opened) MICA_CHECK(server->path_bytes == sizeof u"\\Path" - sizeof(WCHAR));
    MICA_CHECK(server->created == server->cleaned && server->created == server->closed);
    return status;
  });
}

MICA_EXPLORE("M1-short-elsewhere",
             "M1: an open that its driver sends elsewhere comes there, or nowhere", .processors = 1,
             .bound = 2, .shortage = true) {
  Driver const driver;
  driver->MajorFunction[IRP_MJ_CREATE] = [](PDEVICE_OBJECT, PIRP irp) NTAPI -> NTSTATUS {
    constexpr WCHAR other[] = u"\\Device\\Null";
    constexpr USHORT bytes = sizeof other - sizeof(WCHAR);
    auto* const text = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'tseT'));
    if (text == nullptr) return complete(irp, STATUS_INSUFFICIENT_RESOURCES);
    RtlCopyMemory(text, other, bytes);
    UNICODE_STRING& name = IoGetCurrentIrpStackLocation(irp)->FileObject->FileName;
    if (name.Buffer != nullptr) ExFreePool(name.Buffer);
    name = {bytes, bytes, text};
    return complete(irp, STATUS_REPARSE, IO_REPARSE);
  };
  driver->MajorFunction[IRP_MJ_CLOSE] = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
    ++*static_cast<int*>(device->DeviceExtension);
    return complete(irp, STATUS_SUCCESS);
  };
  Text name{u"\\Device\\MicaElsewhere"};
  PDEVICE_OBJECT const device = driver.make<int>(name);
  ask(window, [&] {
    Attributes attributes{u"\\Device\\MicaElsewhere", OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE};
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK result{};
    NTSTATUS const status =
        close(ZwOpenFile(&handle, file_access, attributes, &result, 0, synchronous), handle);
    MICA_CHECK(*static_cast<int*>(device->DeviceExtension) == 0 && device->ReferenceCount == 0);
    return status;
  });
}

MICA_EXPLORE("M1-short-judged", "M1: nobody is let in for want of memory to judge him",
             .processors = 1, .bound = 2, .shortage = true) {
  Server const server;
  HANDLE device = nullptr;
  MICA_REQUIRE(ObOpenObjectByPointer(server.device, OBJ_KERNEL_HANDLE, nullptr, WRITE_DAC,
                                     *IoDeviceObjectType, KernelMode, &device) == STATUS_SUCCESS);
  AccessList nobody;
  MICA_CHECK(ZwSetSecurityObject(device, DACL_SECURITY_INFORMATION, nobody) == STATUS_SUCCESS);
  ZwClose(device);
  ask(window, [&] {
    Attributes attributes{u"\\Device\\MicaFile", OBJ_KERNEL_HANDLE | OBJ_FORCE_ACCESS_CHECK};
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK result{};
    NTSTATUS const status = ZwOpenFile(&handle, FILE_READ_DATA, attributes, &result, 0, 0);
    MICA_CHECK(handle == nullptr && server->created == 0);
    return status == STATUS_ACCESS_DENIED ? STATUS_SUCCESS : status;
  });
}

MICA_EXPLORE("M1-short-transfer", "M1: a read or a write that cannot be sent leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  for (ULONG const flags : {DO_BUFFERED_IO, DO_DIRECT_IO, 0}) {
    Server const server{flags};
    OpenedFile const file{synchronous};
    unsigned char buffer[24] = {};
    for (auto* const transfer : {ZwReadFile, ZwWriteFile})
      ask_served(window, server, [&] {
        LARGE_INTEGER begin{};
        IO_STATUS_BLOCK result{};
        return transfer(file, nullptr, nullptr, nullptr, &result, buffer, sizeof buffer, &begin,
                        nullptr);
      });
  }
}

MICA_EXPLORE("M1-short-control", "M1: a control request that cannot be sent leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  Server const server;
  OpenedFile const file{synchronous};
  for (ULONG const method : {METHOD_BUFFERED, METHOD_IN_DIRECT, METHOD_NEITHER})
    ask_served(window, server, [&] {
      char input[8] = {}, output[8] = {};
      IO_STATUS_BLOCK result{};
      return ZwDeviceIoControlFile(file, nullptr, nullptr, nullptr, &result, control_code(method),
                                   input, sizeof input, output, sizeof output);
    });
}

MICA_EXPLORE("M1-short-information", "M1: what cannot be asked or told of a file leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  Server const server;
  OpenedFile const file{synchronous};
  ask_served(window, server, [&] {
    FILE_STANDARD_INFORMATION standard{};
    IO_STATUS_BLOCK result{};
    return ZwQueryInformationFile(file, &result, &standard, sizeof standard,
                                  FileStandardInformation);
  });
  ask_served(window, server, [&] {
    FILE_END_OF_FILE_INFORMATION end{};
    IO_STATUS_BLOCK result{};
    return ZwSetInformationFile(file, &result, &end, sizeof end, FileEndOfFileInformation);
  });
  ask_served(window, server, [&] {
    IO_STATUS_BLOCK result{};
    return ZwFlushBuffersFile(file, &result);
  });
}

MICA_EXPLORE("M1-short-built", "M1: a request that a driver cannot build leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  for (ULONG const flags : {DO_BUFFERED_IO, DO_DIRECT_IO}) {
    Server const server{flags};
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    IO_STATUS_BLOCK result{};
    char buffer[16] = {};
    ask(window, [&] {
      LARGE_INTEGER begin{};
      return done(server.device,
                  IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, server.device, buffer, sizeof buffer,
                                               &begin, &event, &result),
                  event);
    });
    ask(window, [&] {
      return done(server.device,
                  IoBuildDeviceIoControlRequest(control_code(METHOD_OUT_DIRECT), server.device,
                                                buffer, 8, buffer + 8, 8, FALSE, &event, &result),
                  event);
    });
  }
}

MICA_EXPLORE("M1-short-part", "M1: a part of a request that finds no memory leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  PIRP const whole = IoAllocateIrp(1, FALSE);
  MICA_REQUIRE(whole != nullptr);
  ask(window, [&] {
    PIRP const part = IoMakeAssociatedIrp(whole, 1);
    if (part == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeIrp(part);
    return STATUS_SUCCESS;
  });
  IoFreeIrp(whole);
}
