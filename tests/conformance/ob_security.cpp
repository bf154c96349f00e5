// Security descriptors of objects.
//                 [MSDN ObGetObjectSecurity, ZwQuerySecurityObject, ZwSetSecurityObject]
#include "io_support.hpp"
#include "security_support.hpp"

#include <utility>

using namespace mica::test;

namespace {

// A handle to a device itself, as who protects it opens it.
class DeviceHandle {
 public:
  explicit DeviceHandle(PDEVICE_OBJECT device) noexcept {
    MICA_REQUIRE(ObOpenObjectByPointer(device, OBJ_KERNEL_HANDLE, nullptr, READ_CONTROL | WRITE_DAC,
                                       *IoDeviceObjectType, KernelMode,
                                       &handle_) == STATUS_SUCCESS);
  }
  DeviceHandle(DeviceHandle const&) = delete;
  DeviceHandle& operator=(DeviceHandle const&) = delete;
  ~DeviceHandle() { MICA_CHECK(ZwClose(handle_) == STATUS_SUCCESS); }
  [[nodiscard]] HANDLE get() const noexcept { return handle_; }

 private:
  HANDLE handle_ = nullptr;
};

constexpr SECURITY_INFORMATION all = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION |
                                     DACL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION;

}  // namespace

MICA_CASE("Ob: an object without security descriptor says so") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  PSECURITY_DESCRIPTOR descriptor = device;
  BOOLEAN allocated = TRUE;
  MICA_CHECK(ObGetObjectSecurity(device, &descriptor, &allocated) == STATUS_SUCCESS);
  MICA_CHECK(descriptor == nullptr && !allocated);
  descriptor = device;
  MICA_CHECK(ObGetObjectSecurity(PsGetCurrentThread(), &descriptor, &allocated) == STATUS_SUCCESS);
  MICA_CHECK(descriptor == nullptr && !allocated);
  ObReleaseObjectSecurity(descriptor, allocated);
  DeviceHandle const handle{device};
  RelativeRoom room;
  ULONG length = 0;
  MICA_CHECK(ZwQuerySecurityObject(handle.get(), all, room.get(), sizeof room, &length) ==
             STATUS_SUCCESS);
  MICA_CHECK(length == sizeof(SECURITY_DESCRIPTOR_RELATIVE));
  MICA_CHECK(room.relative().Control == SE_SELF_RELATIVE && room.relative().Revision == 1);
}

MICA_CASE("Ob: a device gets parts of a security descriptor and keeps the others") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  DeviceHandle const handle{device};
  Sid system{5, 18}, everyone{1, 0};
  Descriptor given{GENERIC_READ | DELETE};
  MICA_REQUIRE(RtlSetOwnerSecurityDescriptor(given, system, FALSE) == STATUS_SUCCESS);
  MICA_REQUIRE(RtlSetGroupSecurityDescriptor(given, everyone, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(ZwSetSecurityObject(handle.get(), DACL_SECURITY_INFORMATION, given) == STATUS_SUCCESS);
  MICA_CHECK(device->SecurityDescriptor != nullptr);

  RelativeRoom room;
  ULONG length = 0;
  MICA_CHECK(ZwQuerySecurityObject(handle.get(), all, nullptr, 0, &length) ==
             STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(length == 20 + 8 + 20);
  MICA_CHECK(ZwQuerySecurityObject(handle.get(), all, room.get(), length - 1, &length) ==
             STATUS_BUFFER_TOO_SMALL);
  MICA_CHECK(room.is_untouched());
  MICA_CHECK(ZwQuerySecurityObject(handle.get(), all, room.get(), length, &length) ==
             STATUS_SUCCESS);
  MICA_CHECK(room.relative().Owner == 0 && room.relative().Group == 0);
  MICA_CHECK(Rights{room.get()}.mask(0) == (FILE_GENERIC_READ | DELETE));  // a device's rights

  given->Control |= SE_DACL_PROTECTED;
  MICA_CHECK(ZwSetSecurityObject(handle.get(), OWNER_SECURITY_INFORMATION, given) ==
             STATUS_SUCCESS);
  MICA_CHECK(ZwQuerySecurityObject(handle.get(), all, room.get(), sizeof room, &length) ==
             STATUS_SUCCESS);
  MICA_CHECK(length == 20 + 8 + 20 + 12 && room.relative().Group == 0);
  MICA_CHECK(room.relative().Control == (SE_SELF_RELATIVE | SE_DACL_PRESENT));
  MICA_CHECK(Rights{room.get()}.is_for(0, everyone.get()));
  MICA_CHECK(ZwQuerySecurityObject(handle.get(), OWNER_SECURITY_INFORMATION, room.get(),
                                   sizeof room, &length) == STATUS_SUCCESS);
  MICA_CHECK(length == 20 + 12 && room.relative().Control == SE_SELF_RELATIVE);
}

MICA_CASE("Ob: each part of a device's security descriptor is set, and asked for, by itself") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  DeviceHandle const handle{device};
  Whole given;
  constexpr ULONG header = sizeof(SECURITY_DESCRIPTOR_RELATIVE);
  ULONG bytes = header;
  for (auto const& [part, part_bytes] : {std::pair{OWNER_SECURITY_INFORMATION, 12u},
                                         std::pair{GROUP_SECURITY_INFORMATION, 12u},
                                         std::pair{DACL_SECURITY_INFORMATION, 28u},
                                         std::pair{SACL_SECURITY_INFORMATION, 28u}}) {
    RelativeRoom room;
    ULONG length = 0;
    auto const chosen = static_cast<SECURITY_INFORMATION>(part);
    MICA_CHECK(ZwSetSecurityObject(handle.get(), chosen, given) == STATUS_SUCCESS);
    MICA_CHECK(RtlLengthSecurityDescriptor(device->SecurityDescriptor) == (bytes += part_bytes));
    MICA_CHECK(ZwQuerySecurityObject(handle.get(), chosen, room.get(), sizeof room, &length) ==
               STATUS_SUCCESS);
    MICA_CHECK(length == header + part_bytes);
    MICA_CHECK(RtlValidRelativeSecurityDescriptor(room.get(), length, chosen));
    MICA_CHECK(ZwQuerySecurityObject(handle.get(), all, room.get(), sizeof room, &length) ==
               STATUS_SUCCESS);
    MICA_CHECK(length == bytes);
  }
}

MICA_CASE("Ob: who asks for a security descriptor gets a copy of it") {
  SpecialPool const special{mica::ob::tag_security};  // of which nothing stays that was freed
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  DeviceHandle const handle{device};
  Descriptor given{FILE_READ_DATA};
  MICA_REQUIRE(ZwSetSecurityObject(handle.get(), DACL_SECURITY_INFORMATION, given) ==
               STATUS_SUCCESS);
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  BOOLEAN allocated = FALSE;
  MICA_REQUIRE(ObGetObjectSecurity(device, &descriptor, &allocated) == STATUS_SUCCESS);
  MICA_REQUIRE(descriptor != nullptr);
  Descriptor other{FILE_WRITE_DATA};
  MICA_CHECK(ZwSetSecurityObject(handle.get(), DACL_SECURITY_INFORMATION, other) == STATUS_SUCCESS);
  MICA_CHECK(Rights{descriptor}.mask(0) == FILE_READ_DATA);
  MICA_CHECK(Rights{device->SecurityDescriptor}.mask(0) == FILE_WRITE_DATA);
  ObReleaseObjectSecurity(descriptor, allocated);
  MICA_CHECK(!MmIsAddressValid(descriptor));
}

MICA_CASE("Ob: a security descriptor goes when another one comes, or its device goes") {
  SpecialPool const special{mica::ob::tag_security};  // of which nothing stays that was freed
  Descriptor given{FILE_READ_DATA};
  PSECURITY_DESCRIPTOR first = nullptr, last = nullptr;
  {
    Driver driver;
    PDEVICE_OBJECT const device = driver.make();
    DeviceHandle const handle{device};
    MICA_REQUIRE(ZwSetSecurityObject(handle.get(), DACL_SECURITY_INFORMATION, given) ==
                 STATUS_SUCCESS);
    first = device->SecurityDescriptor;
    MICA_CHECK(MmIsAddressValid(first));
    MICA_REQUIRE(ZwSetSecurityObject(handle.get(), DACL_SECURITY_INFORMATION, given) ==
                 STATUS_SUCCESS);
    last = device->SecurityDescriptor;
    MICA_CHECK((!MmIsAddressValid(first) && MmIsAddressValid(last)));
  }
  MICA_CHECK(!MmIsAddressValid(last));
}

MICA_CASE("Ob: a file that is an open device has the device's security descriptor") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_CREATE] =
      driver->MajorFunction[IRP_MJ_CLOSE] = [](PDEVICE_OBJECT, PIRP irp) NTAPI -> NTSTATUS {
    return mica::test::complete(irp, STATUS_SUCCESS);
  };
  Text name{u"\\Device\\MicaSecured"};
  PDEVICE_OBJECT const device = driver.make(name);
  auto open = [](auto const& path, HANDLE& file) {
    Attributes attributes{path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE};
    IO_STATUS_BLOCK result{};
    return ZwOpenFile(&file, READ_CONTROL | WRITE_DAC, attributes, &result, 0, 0);
  };
  HANDLE itself = nullptr, below = nullptr;
  MICA_REQUIRE(open(u"\\Device\\MicaSecured", itself) == STATUS_SUCCESS);
  MICA_REQUIRE(open(u"\\Device\\MicaSecured\\below", below) == STATUS_SUCCESS);
  Descriptor given{FILE_READ_DATA};
  MICA_CHECK(ZwSetSecurityObject(itself, DACL_SECURITY_INFORMATION, given) == STATUS_SUCCESS);
  MICA_CHECK(Rights{device->SecurityDescriptor}.mask(0) == FILE_READ_DATA);
  MICA_CHECK(ZwSetSecurityObject(below, DACL_SECURITY_INFORMATION, given) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  MICA_CHECK(ZwClose(itself) == STATUS_SUCCESS);
  MICA_CHECK(ZwClose(below) == STATUS_SUCCESS);
}

MICA_CASE("Ob: what is no security descriptor is not set, nor for what can have none") {
  Driver driver;
  DeviceHandle const handle{driver.make()};
  Descriptor given{FILE_READ_DATA};
  MICA_CHECK(ZwSetSecurityObject(nullptr, DACL_SECURITY_INFORMATION, given) ==
             STATUS_INVALID_HANDLE);
  MICA_CHECK(ZwSetSecurityObject(ZwCurrentThread(), DACL_SECURITY_INFORMATION, given) ==
             STATUS_OBJECT_TYPE_MISMATCH);
  given->Dacl->AclRevision = 9;
  MICA_CHECK(ZwSetSecurityObject(handle.get(), DACL_SECURITY_INFORMATION, given) ==
             STATUS_INVALID_SECURITY_DESCR);
  given->Revision = 2;
  MICA_CHECK(ZwSetSecurityObject(handle.get(), DACL_SECURITY_INFORMATION, given) ==
             STATUS_INVALID_SECURITY_DESCR);
  ULONG length = 0;
  MICA_CHECK(ZwQuerySecurityObject(nullptr, all, nullptr, 0, &length) == STATUS_INVALID_HANDLE);
}
