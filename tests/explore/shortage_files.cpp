// M1: of files, requests and drivers.
#include <nt/ntddk.h>

#include "conformance/file_support.hpp"
#include "io/driver.hpp"
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

}  // namespace

MICA_EXPLORE("M1-short-driver", "M1: a driver that cannot be made leaves nothing", .processors = 1,
             .bound = 2, .shortage = true) {
  ask(window, [] {
    static PDRIVER_OBJECT made;
    made = nullptr;
    Text name{u"\\Driver\\Short"};
    NTSTATUS const status = IoCreateDriver(name, [](PDRIVER_OBJECT driver, PUNICODE_STRING) NTAPI {
      made = driver;
      return STATUS_SUCCESS;
    });
    MICA_CHECK((made != nullptr) == (status == STATUS_SUCCESS));
    if (made != nullptr) IoDeleteDriver(made);
    return status;
  });
}

MICA_EXPLORE("M1-short-load", "M1: a driver that cannot be loaded leaves nothing", .processors = 1,
             .bound = 2, .shortage = true) {
  ask(window, [] {
    Text service{u"Short"};
    PDRIVER_OBJECT driver = nullptr;
    mica::io::DriverImage const image{nullptr, 0, [](PDRIVER_OBJECT loaded, PUNICODE_STRING) NTAPI {
                                        loaded->DriverUnload = [](PDRIVER_OBJECT) NTAPI {};
                                        return STATUS_SUCCESS;
                                      }};
    NTSTATUS const status =
        mica::io::load_driver(*static_cast<PUNICODE_STRING>(service), image, driver);
    MICA_CHECK((driver != nullptr) == (status == STATUS_SUCCESS));
    if (driver != nullptr) MICA_CHECK(mica::io::unload_driver(*driver) == STATUS_SUCCESS);
    return status;
  });
}

MICA_EXPLORE("M1-short-file",
             "M1: a driver closes each file that it opened, whatever memory there is",
             .processors = 1, .bound = 2, .shortage = true) {
  Server const server;
  ask(window, [&] {
    Attributes attributes{u"\\Device\\MicaFile\\Path", OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE};
    HANDLE handle = nullptr;
    IO_STATUS_BLOCK result{};
    NTSTATUS const status =
        close(ZwOpenFile(&handle, file_access, attributes, &result, 0, synchronous), handle);
    MICA_CHECK(server->created == server->cleaned && server->created == server->closed);
    return status;
  });
}

MICA_EXPLORE("M1-short-transfer", "M1: a read or a write that cannot be sent leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  for (ULONG const flags : {DO_BUFFERED_IO, DO_DIRECT_IO, 0}) {
    Server const server{flags};
    OpenedFile const file{synchronous};
    unsigned char buffer[24] = {};
    auto transfer = [&](bool reads) {
      LARGE_INTEGER begin{};
      IO_STATUS_BLOCK result{};
      int const served = server->served;
      NTSTATUS const status = reads ? ZwReadFile(file, nullptr, nullptr, nullptr, &result, buffer,
                                                 sizeof buffer, &begin, nullptr)
                                    : ZwWriteFile(file, nullptr, nullptr, nullptr, &result, buffer,
                                                  sizeof buffer, &begin, nullptr);
      MICA_CHECK(server->served - served == (status == STATUS_SUCCESS));
      return status;
    };
    ask(window, [&] { return transfer(true); });
    ask(window, [&] { return transfer(false); });
  }
}

MICA_EXPLORE("M1-short-control", "M1: a control request that cannot be sent leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  Server const server;
  OpenedFile const file{synchronous};
  for (ULONG const method : {METHOD_BUFFERED, METHOD_IN_DIRECT, METHOD_NEITHER})
    ask(window, [&] {
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
  ask(window, [&] {
    FILE_STANDARD_INFORMATION standard{};
    IO_STATUS_BLOCK result{};
    return ZwQueryInformationFile(file, &result, &standard, sizeof standard,
                                  FileStandardInformation);
  });
  ask(window, [&] {
    FILE_END_OF_FILE_INFORMATION end{};
    IO_STATUS_BLOCK result{};
    return ZwSetInformationFile(file, &result, &end, sizeof end, FileEndOfFileInformation);
  });
  ask(window, [&] {
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

MICA_EXPLORE("M1-short-remove-lock", "M1: a remove lock is held by who finds no memory to say so",
             .processors = 1, .bound = 1, .shortage = true) {
  struct {
    IO_REMOVE_LOCK_COMMON_BLOCK common;
    IO_REMOVE_LOCK_DBG_BLOCK debug;
  } long_form{};
  auto* const lock = reinterpret_cast<PIO_REMOVE_LOCK>(&long_form);
  IoInitializeRemoveLockEx(lock, 'kcoL', 0, 0, sizeof long_form);
  ask(window, [&] {
    NTSTATUS const status = IoAcquireRemoveLockEx(lock, &long_form, "", 0, sizeof long_form);
    MICA_CHECK(status == STATUS_SUCCESS);
    IoReleaseRemoveLockEx(lock, &long_form, sizeof long_form);
    return status;
  });
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

MICA_EXPLORE("M1-short-registered", "M1: what a driver cannot register leaves nothing",
             .processors = 1, .bound = 1, .shortage = true) {
  Driver const driver;
  PDEVICE_OBJECT const device = driver.make();
  ask(window, [&] {
    NTSTATUS const status = IoRegisterShutdownNotification(device);
    if (status == STATUS_SUCCESS) IoUnregisterShutdownNotification(device);
    return status;
  });
  ask(window, [&] {
    PIO_WORKITEM const item = IoAllocateWorkItem(device);
    if (item == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeWorkItem(item);
    return STATUS_SUCCESS;
  });
  ask(window, [&] {
    PMDL const mdl = IoAllocateMdl(&window, 5 * PAGE_SIZE, FALSE, FALSE, nullptr);
    if (mdl == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    IoFreeMdl(mdl);
    return STATUS_SUCCESS;
  });
}
