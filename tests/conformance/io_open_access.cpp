// Who may open a device that has a security descriptor.
//        [MSDN "Controlling Device Namespace Access", InitializeObjectAttributes, IoCreateFile]
#include "file_support.hpp"
#include "outside.hpp"
#include "security_support.hpp"

using namespace mica::test;

namespace {

void protect(PDEVICE_OBJECT device, PSECURITY_DESCRIPTOR descriptor) noexcept {
  HANDLE handle = nullptr;
  MICA_REQUIRE(ObOpenObjectByPointer(device, OBJ_KERNEL_HANDLE, nullptr, WRITE_DAC,
                                     *IoDeviceObjectType, KernelMode, &handle) == STATUS_SUCCESS);
  MICA_CHECK(ZwSetSecurityObject(handle, DACL_SECURITY_INFORMATION, descriptor) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
}

// To everyone, and nothing else to anybody.
void grant_reading(PDEVICE_OBJECT device) noexcept {
  Sid everyone{1, 0};
  AccessList reads;
  reads.allow(GENERIC_READ, everyone);
  protect(device, reads);
}

struct Opened {
  NTSTATUS status;
  ACCESS_MASK granted;
};

// Opens as `attributes` and `options` say, and closes.
[[nodiscard]] Opened open(OBJECT_ATTRIBUTES* attributes, ACCESS_MASK access,
                          ULONG options = 0) noexcept {
  IO_STATUS_BLOCK result{};
  HANDLE handle = nullptr;
  NTSTATUS const status =
      IoCreateFile(&handle, access, attributes, &result, nullptr, 0, 0, FILE_OPEN, 0, nullptr, 0,
                   CreateFileTypeNone, nullptr, options);
  if (!NT_SUCCESS(status)) return {status, 0};
  OBJECT_HANDLE_INFORMATION information{};
  void* file = nullptr;
  MICA_CHECK(ObReferenceObjectByHandle(handle, 0, *IoFileObjectType, KernelMode, &file,
                                       &information) == STATUS_SUCCESS);
  ObDereferenceObject(file);
  MICA_CHECK(ZwClose(handle) == STATUS_SUCCESS);
  return {status, information.GrantedAccess};
}

constexpr ULONG judged = OBJ_CASE_INSENSITIVE | OBJ_FORCE_ACCESS_CHECK;

}  // namespace

MICA_CASE("Io: who is judged opens a device for what its descriptor grants") {
  Server server;
  grant_reading(server.device);
  Attributes checked{u"\\Device\\MicaFile", judged}, trusted{u"\\Device\\MicaFile"};
  MICA_CHECK(open(checked, FILE_WRITE_DATA).status == STATUS_ACCESS_DENIED);
  MICA_CHECK(server->created == 0);
  MICA_CHECK(open(checked, FILE_READ_DATA).status == STATUS_SUCCESS);
  MICA_CHECK(open(checked, MAXIMUM_ALLOWED).granted == FILE_GENERIC_READ);
  MICA_CHECK(open(trusted, FILE_WRITE_DATA).granted == FILE_WRITE_DATA);
  MICA_CHECK(open(trusted, MAXIMUM_ALLOWED).granted == FILE_ALL_ACCESS);
  MICA_CHECK(open(trusted, FILE_WRITE_DATA, IO_FORCE_ACCESS_CHECK).status == STATUS_ACCESS_DENIED);
  MICA_CHECK(server->created == server->closed);
}

MICA_CASE("Io: who comes from outside the kernel is judged, and the driver hears of it") {
  Server server;
  grant_reading(server.device);
  Attributes attributes{u"\\Device\\MicaFile"};
  FromOutside const outside;
  IO_STATUS_BLOCK result{};
  HANDLE handle = nullptr;
  MICA_CHECK(NtOpenFile(&handle, FILE_WRITE_DATA, attributes, &result, 0, 0) ==
             STATUS_ACCESS_DENIED);
  MICA_CHECK(server->created == 0);
  MICA_REQUIRE(NtOpenFile(&handle, FILE_READ_DATA, attributes, &result, 0, 0) == STATUS_SUCCESS);
  MICA_CHECK(server->created == 1 && server->create_mode == UserMode);
  MICA_CHECK(NtClose(handle) == STATUS_SUCCESS);
}

MICA_CASE("Io: a device without a descriptor is opened by everyone") {
  Server server;
  Attributes checked{u"\\Device\\MicaFile", judged};
  MICA_CHECK(open(checked, FILE_WRITE_DATA).granted == FILE_WRITE_DATA);
}

MICA_CASE("Io: what is below a device is judged where the driver asks for it") {
  Server server;
  AccessList nothing;
  protect(server.device, nothing);
  Attributes device{u"\\Device\\MicaFile", judged}, below{u"\\Device\\MicaFile\\x", judged};
  MICA_CHECK(open(device, FILE_READ_DATA).status == STATUS_ACCESS_DENIED);
  MICA_CHECK(open(below, FILE_READ_DATA).status == STATUS_SUCCESS);
  server.device->Characteristics |= FILE_DEVICE_SECURE_OPEN;
  MICA_CHECK(open(below, FILE_READ_DATA).status == STATUS_ACCESS_DENIED);
}
