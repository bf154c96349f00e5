// mica::File and mica::advance: a driver's device as a program uses it.
#include <mica/file.hpp>
#include <mica/system.hpp>

#include <array>
#include <string>

#include "catch.hpp"
#include "conformance/file_support.hpp"
#include "conformance/security_support.hpp"

using namespace std::chrono_literals;
using mica::System;
using mica::test::Server;

namespace {

constexpr auto name = u"\\Device\\MicaFile";
constexpr std::uint32_t control = CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, 3);

std::span<std::byte const> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text});
}

// A driver whose reads end 10 ms after they came, by a timer's DPC.
struct Slow {
  mica::test::Driver driver;
  mica::test::Text device_name{u"\\Device\\MicaFile"};
  struct Extension {
    KTIMER timer;
    KDPC dpc;
    PIRP irp;
  };
  Slow() {
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLEANUP] =
        driver->MajorFunction[IRP_MJ_CLOSE] = [](PDEVICE_OBJECT, PIRP irp) NTAPI {
          return mica::test::complete(irp, STATUS_SUCCESS);
        };
    driver->MajorFunction[IRP_MJ_READ] = read;
    auto& own = *static_cast<Extension*>(driver.make<Extension>(device_name)->DeviceExtension);
    KeInitializeTimer(&own.timer);
    KeInitializeDpc(&own.dpc, end, &own);
  }

 private:
  static NTSTATUS NTAPI read(PDEVICE_OBJECT device, PIRP irp) {
    auto& own = *static_cast<Extension*>(device->DeviceExtension);
    own.irp = irp;
    IoMarkIrpPending(irp);
    LARGE_INTEGER due;
    due.QuadPart = -10 * mica::test::millisecond_100ns;
    KeSetTimer(&own.timer, due, &own.dpc);
    return STATUS_PENDING;
  }
  static void NTAPI end(PKDPC, PVOID context, PVOID, PVOID) {
    mica::test::complete(static_cast<Extension*>(context)->irp, STATUS_SUCCESS);
  }
};

}  // namespace

TEST_CASE("a timer's DPC completes the pending read, to the millisecond", "[harness]") {
  unsigned const processors = GENERATE(1u, 2u, 4u);
  unsigned const seed = GENERATE(1u, 2u, 3u, 4u);
  System system{{.processors = processors, .seed = seed}};
  system.run([] {
    Slow const slow;
    auto file = mica::open(name);
    MICA_REQUIRE(file);
    auto read = file.read_async(64);
    mica::advance(9ms);
    MICA_CHECK(read.pending() && read.status() == STATUS_PENDING && read.bytes().empty());
    mica::advance(1ms);
    MICA_CHECK(!read.pending() && read.status() == STATUS_SUCCESS);
  });
}

TEST_CASE("a file is read, written and controlled, and its requests say how", "[harness]") {
  std::uint32_t const flags = GENERATE(std::uint32_t{DO_BUFFERED_IO}, std::uint32_t{DO_DIRECT_IO});
  System system;
  system.run([&] {
    Server server{flags};
    auto file = mica::open(name);
    MICA_REQUIRE(file && file.status() == STATUS_SUCCESS);
    server->information = 3;
    auto read = file.read(8, 4096);
    MICA_CHECK(read.status() == STATUS_SUCCESS && read.information() == 3);
    MICA_CHECK(read.bytes().size() == 3 && read.bytes()[0] == std::byte{0x5A});
    MICA_CHECK(server->stack.Parameters.Read.ByteOffset.QuadPart == 4096);
    server->information = 0;
    MICA_CHECK(file.write(bytes_of("xyz"), 512).status() == STATUS_SUCCESS);
    MICA_CHECK(server->first == 'x' && server->stack.Parameters.Write.Length == 3);
    server->information = 1;
    auto answer = file.ioctl(control, bytes_of("ab"), 4);
    MICA_CHECK(answer.status() == STATUS_SUCCESS && answer.bytes().size() == 1);
    MICA_CHECK(server->stack.Parameters.DeviceIoControl.OutputBufferLength == 4);
    server->answer = STATUS_DEVICE_NOT_READY;
    auto const refused = file.read(8);
    MICA_CHECK(refused.status() == STATUS_DEVICE_NOT_READY && refused.information() == 0);
    server->answer = STATUS_SUCCESS;
    file.close();
    MICA_CHECK(!file && server->closed == 1);
    MICA_CHECK(file.read(8).status() == STATUS_INVALID_HANDLE);
  });
}

TEST_CASE("a request that is given up is cancelled, one that is pending can be waited for",
          "[harness]") {
  System system{{.processors = 2}};
  system.run([] {
    Server server;
    server->keeps = true;
    auto file = mica::open(name);
    { auto const given_up = file.read_async(8); }
    MICA_CHECK(server->cancelled == 1);
    auto cancelled = file.write_async(bytes_of("x"));
    MICA_CHECK(cancelled.cancel() && cancelled.wait() == STATUS_CANCELLED);
    MICA_CHECK(!cancelled.cancel());
    auto outlives = file.ioctl_async(control, {}, 8);
    file.close();
    MICA_CHECK(server->cleaned == 1 && server->closed == 0);
    auto completer = [&] {
      PIRP const irp = server.take();
      MICA_REQUIRE(irp != nullptr);
      mica::test::complete(irp, STATUS_SUCCESS, 2);
    };
    auto* const thread = mica::test::start(completer, {.processor = 1});
    MICA_CHECK(outlives.wait() == STATUS_SUCCESS && outlives.bytes().size() == 2);
    mica::test::join(thread);
    mica::advance(1ms);  // the reaper closes it
    MICA_CHECK(server->closed == 1);
  });
}

TEST_CASE("a program needs the rights of its file, the kernel does not", "[harness]") {
  System system;
  system.run([] {
    Server server;
    mica::OpenOptions reads{.access = FILE_READ_DATA | SYNCHRONIZE};
    auto trusted = mica::open(name, reads);
    MICA_CHECK(trusted.write(bytes_of("x")).status() == STATUS_SUCCESS);
    MICA_CHECK(server->mode == KernelMode);
    reads.caller = mica::Caller::program;
    auto program = mica::open(name, reads);
    MICA_CHECK(program.write(bytes_of("x")).status() == STATUS_ACCESS_DENIED);
    MICA_CHECK(program.ioctl(control).status() == STATUS_ACCESS_DENIED);
    MICA_CHECK(program.read(1).status() == STATUS_SUCCESS && server->mode == UserMode);
    MICA_CHECK(ExGetPreviousMode() == KernelMode);
  });
}

TEST_CASE("a program is judged by a device's security descriptor, the kernel is not", "[harness]") {
  System system;
  system.run([] {
    Server server;
    mica::test::AccessList nothing;
    HANDLE handle = nullptr;
    MICA_REQUIRE(ObOpenObjectByPointer(server.device, OBJ_KERNEL_HANDLE, nullptr, WRITE_DAC,
                                       *IoDeviceObjectType, KernelMode, &handle) == STATUS_SUCCESS);
    MICA_CHECK(ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, nothing) == STATUS_SUCCESS);
    MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
    MICA_CHECK(mica::open(name).status() == STATUS_SUCCESS);
    mica::OpenOptions const options{.caller = mica::Caller::program};
    MICA_CHECK(mica::open(name, options).status() == STATUS_ACCESS_DENIED);
  });
}

TEST_CASE("a file that cannot be opened says why", "[harness]") {
  System system;
  system.run([] {
    auto file = mica::open(u"\\Device\\NoSuch");
    MICA_CHECK(!file && file.status() == STATUS_OBJECT_NAME_NOT_FOUND);
    MICA_CHECK(file.read(1).status() == STATUS_INVALID_HANDLE);
    std::u16string const long_name(40'000, u'x');
    MICA_CHECK(mica::open(long_name).status() == STATUS_OBJECT_NAME_INVALID);
    auto none = mica::open(u"\\Device\\Null");
    auto moved = std::move(none);
    MICA_CHECK(moved && !none && moved.read(4).status() == STATUS_END_OF_FILE);
  });
}
