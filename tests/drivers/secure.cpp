// A driver that makes its devices with IoCreateDeviceSecure, which it is linked with: what they
// have of their texts. [MSDN WdmlibIoCreateDeviceSecure, "SDDL for Device Objects"]
#include "requests.hpp"

#include <algorithm>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "../conformance/security_support.hpp"
#include "secure.h"

using namespace mica::test;

namespace {

constexpr WCHAR made_name[] = u"\\Device\\SecureMade";

// secure.sys, and its device.
class Secure {
 public:
  [[nodiscard]] NTSTATUS make(std::u16string_view text, ULONG code = IOCTL_SECURE_MAKE) noexcept {
    return Request::control(device_, code, const_cast<char16_t*>(text.data()),
                            static_cast<ULONG>(text.size() * sizeof(WCHAR)), nullptr, 0)
        .status();
  }
  [[nodiscard]] NTSTATUS text(ULONG* number, WCHAR* text, ULONG bytes) noexcept {
    return Request::control(device_, IOCTL_SECURE_TEXT, number, sizeof *number, text, bytes)
        .status();
  }
  [[nodiscard]] OpenedDevice& device() noexcept { return device_; }

 private:
  Loaded driver_{u"secure"};
  OpenedDevice device_{u"\\Device\\Secure"};
};

// The security descriptor of the device that was made, as anybody gets it.
class MadeSecurity {
 public:
  MadeSecurity() noexcept {
    MICA_CHECK(ObGetObjectSecurity(device_.get(), &descriptor_, &allocated_) == STATUS_SUCCESS);
    MICA_REQUIRE(descriptor_ != nullptr);
    MICA_CHECK(RtlValidSecurityDescriptor(descriptor_));
  }
  MadeSecurity(MadeSecurity const&) = delete;
  MadeSecurity& operator=(MadeSecurity const&) = delete;
  ~MadeSecurity() { ObReleaseObjectSecurity(descriptor_, allocated_); }

  [[nodiscard]] Rights rights() const noexcept { return Rights{descriptor_}; }
  [[nodiscard]] USHORT control() const noexcept {
    return static_cast<SECURITY_DESCRIPTOR_RELATIVE*>(descriptor_)->Control;
  }
  [[nodiscard]] DEVICE_TYPE device_type() const noexcept { return device_.get()->DeviceType; }

 private:
  OpenedDevice device_{made_name};
  PSECURITY_DESCRIPTOR descriptor_ = nullptr;
  BOOLEAN allocated_ = FALSE;
};

// Whether an entry is for the SID of these numbers.
[[nodiscard]] bool is_for(Rights const& rights, ULONG index, UCHAR authority,
                          std::initializer_list<ULONG> numbers) noexcept {
  alignas(8) UCHAR room[68] = {};
  SID_IDENTIFIER_AUTHORITY value{{0, 0, 0, 0, 0, authority}};
  MICA_REQUIRE(RtlInitializeSid(room, &value, static_cast<UCHAR>(numbers.size())) ==
               STATUS_SUCCESS);
  ULONG at = 0;
  for (ULONG const number : numbers) *RtlSubAuthoritySid(room, at++) = number;
  return rights.is_for(index, static_cast<PSID>(room));
}

#define CLASSES u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class"
#define CLASS CLASSES u"\\{9D7D9E6B-27B9-4C0D-8C5A-3B0B1F6E2A51}"
#define PROPERTIES CLASS u"\\Properties"

// What the registry says of the driver's class, for the length of a case.
class Class {
 public:
  Class(Class const&) = delete;
  Class& operator=(Class const&) = delete;
  Class() noexcept {
    for (PCWSTR const path : paths)
      MICA_REQUIRE(RtlCreateRegistryKey(RTL_REGISTRY_ABSOLUTE, const_cast<PWSTR>(path)) ==
                   STATUS_SUCCESS);
  }
  ~Class() {
    for (ULONG i = sizeof paths / sizeof *paths; i-- > 0;) remove(paths[i]);
  }

  void set(PCWSTR name, ULONG type, void* data, ULONG bytes) noexcept {
    MICA_REQUIRE(RtlWriteRegistryValue(RTL_REGISTRY_ABSOLUTE, PROPERTIES, name, type, data,
                                       bytes) == STATUS_SUCCESS);
  }

 private:
  static constexpr PCWSTR paths[] = {CLASS, PROPERTIES};

  static void remove(PCWSTR path) noexcept {
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, path);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               nullptr, nullptr);
    HANDLE key = nullptr;
    MICA_REQUIRE(ZwOpenKey(&key, DELETE, &attributes) == STATUS_SUCCESS);
    MICA_CHECK(ZwDeleteKey(key) == STATUS_SUCCESS);
    MICA_CHECK(ZwClose(key) == STATUS_SUCCESS);
  }
};

}  // namespace

MICA_CASE("Io: a driver's device has the security descriptor of its text") {
  Secure secure;
  Rights const own{secure.device().get()->SecurityDescriptor};
  MICA_CHECK((own.count() == 2 && own.mask(0) == FILE_ALL_ACCESS));
  MICA_CHECK((is_for(own, 0, 5, {18}) && is_for(own, 1, 5, {32, 544})));
  MICA_CHECK(own.mask(1) == FILE_ALL_ACCESS);

  MICA_REQUIRE(secure.make(u"D:P(A;;GRGX;;;BU)(A;;0x120089;;;WD)(A;;RCSDWDWO;;;LS)"
                           u"(A;;GW;;;S-1-5-80-4294967295-7)") == STATUS_SUCCESS);
  MadeSecurity const made;
  MICA_CHECK(made.control() == (SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_DACL_PROTECTED));
  Rights const rights = made.rights();
  MICA_REQUIRE(rights.count() == 4);
  MICA_CHECK((rights.mask(0) == (FILE_GENERIC_READ | FILE_GENERIC_EXECUTE) &&
              is_for(rights, 0, 5, {32, 545})));
  MICA_CHECK((rights.mask(1) == FILE_GENERIC_READ && is_for(rights, 1, 1, {0})));
  MICA_CHECK((rights.mask(2) == (READ_CONTROL | DELETE | WRITE_DAC | WRITE_OWNER) &&
              is_for(rights, 2, 5, {19})));
  MICA_CHECK((rights.mask(3) == FILE_GENERIC_WRITE && is_for(rights, 3, 5, {80, 0xFFFF'FFFF, 7})));
}

MICA_CASE("Io: every name of a security descriptor's text is the SID that it stands for") {
  struct Known {
    std::u16string_view text;
    UCHAR authority;
    std::initializer_list<ULONG> numbers;
  };
  constexpr ULONG builtin = 32;
  static constexpr std::initializer_list<ULONG> user_mode_drivers = {84, 0, 0, 0, 0, 0};
  Secure secure;
  Known const all[] = {{u"D:P(A;;GA;;;SY)", 5, {18}},
                       {u"D:P(A;;GA;;;LS)", 5, {19}},
                       {u"D:P(A;;GA;;;NS)", 5, {20}},
                       {u"D:P(A;;GA;;;BA)", 5, {builtin, 544}},
                       {u"D:P(A;;GA;;;BU)", 5, {builtin, 545}},
                       {u"D:P(A;;GA;;;BG)", 5, {builtin, 546}},
                       {u"D:P(A;;GA;;;AU)", 5, {11}},
                       {u"D:P(A;;GA;;;AN)", 5, {7}},
                       {u"D:P(A;;GA;;;IU)", 5, {4}},
                       {u"D:P(A;;GA;;;NU)", 5, {2}},
                       {u"D:P(A;;GA;;;WD)", 1, {0}},
                       {u"D:P(A;;GA;;;RC)", 5, {12}},
                       {u"D:P(A;;GA;;;UD)", 5, user_mode_drivers},
                       {u"D:P(A;;GA;;;S-1-0x5-6)", 5, {6}}};
  for (Known const& known : all) {
    MICA_REQUIRE(secure.make(known.text) == STATUS_SUCCESS);
    MadeSecurity const made;
    MICA_CHECK(made.rights().count() == 1);
    MICA_CHECK(is_for(made.rights(), 0, known.authority, known.numbers));
  }
}

MICA_CASE("Io: a text that is no security descriptor's makes no device") {
  Secure secure;
  for (std::u16string_view const text :
       {u"",
        u"D:",
        u"d:P",
        u"O:SYD:P",
        u"D:PAI",
        u"D:P(A;;GA;;;SY",
        u"D:P(A;;GA;;;SY) ",
        u"D:P(A;;;;;SY)",
        u"D:P(A;;GA;;;)",
        u"D:P(A;;GA;;;XX)",
        u"D:P(D;;GA;;;SY)",
        u"D:P(A;OI;GA;;;SY)",
        u"D:P(A;;FA;;;SY)",
        u"D:P(A;;G;;;SY)",
        u"D:P(A;;0x;;;SY)",
        u"D:P(A;;0x100000000;;;SY)",
        u"D:P(A;;0x1G;;;SY)",
        u"D:P(A;;GA;;SY)",
        u"D:P(A;;GA;;;S-1-5)",
        u"D:P(A;;GA;;;S-1-5-)",
        u"D:P(A;;GA;;;S-1-5-4294967296)",
        u"D:P(A;;GA;;;S-2-5-18)",
        u"D:P(A;;GA;;;S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16)"})
    MICA_CHECK(secure.make(text) == STATUS_INVALID_PARAMETER);
  Text name{made_name};
  MICA_CHECK(OpenDevice{name}.status() == STATUS_OBJECT_NAME_NOT_FOUND);
  MICA_CHECK(secure.make(u"D:P(A;;GA;;;SY)", IOCTL_SECURE_MAKE_NAMELESS) ==
             STATUS_INVALID_PARAMETER);
}

MICA_CASE("Io: the texts that a driver is linked with are security descriptors' as documented") {
  constexpr std::u16string_view texts[SECURE_TEXTS] = {
      u"D:P",
      u"D:P(A;;GA;;;SY)",
      u"D:P(A;;GA;;;SY)",
      u"D:P(A;;GA;;;SY)(A;;GA;;;BA)",
      u"D:P(A;;GA;;;SY)(A;;GRGX;;;BA)",
      u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)",
      u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)",
      u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)",
      u"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)"};
  Secure secure;
  for (ULONG i = 0; i < SECURE_TEXTS; ++i) {
    WCHAR text[80] = {};
    MICA_CHECK(secure.text(&i, text, 1) == STATUS_BUFFER_TOO_SMALL);
    MICA_CHECK(secure.text(&i, text, sizeof text) == STATUS_SUCCESS);
    MICA_CHECK(std::u16string_view{text} == texts[i]);
    MICA_CHECK(secure.make(texts[i]) == STATUS_SUCCESS);
    MICA_CHECK(MadeSecurity{}.rights().count() ==
               static_cast<ULONG>(std::count(texts[i].begin(), texts[i].end(), u'(')));
  }
  ULONG none = SECURE_TEXTS;
  MICA_CHECK(secure.text(&none, nullptr, 0) == STATUS_INVALID_PARAMETER);
  auto* const nowhere = reinterpret_cast<ULONG*>(0x1000);
  MICA_CHECK(secure.text(nowhere, nullptr, 0) == STATUS_ACCESS_VIOLATION);  // which it handles
}

MICA_CASE("Io: what the registry says of a device class comes before the driver's text") {
  constexpr std::u16string_view text = u"D:P(A;;GA;;;SY)(A;;GA;;;BA)";
  Secure secure;
  MICA_CHECK(secure.make(text, IOCTL_SECURE_MAKE_OF_CLASS) == STATUS_SUCCESS);  // no such class
  MICA_CHECK(MadeSecurity{}.rights().count() == 2);
  Class registry;
  MICA_CHECK(secure.make(text, IOCTL_SECURE_MAKE_OF_CLASS) == STATUS_SUCCESS);  // no such values
  MICA_CHECK(MadeSecurity{}.rights().count() == 2);
  Descriptor absolute{FILE_READ_DATA};
  RelativeRoom room;
  ULONG length = sizeof room, type = FILE_DEVICE_NULL;
  MICA_REQUIRE(RtlAbsoluteToSelfRelativeSD(absolute, room.get(), &length) == STATUS_SUCCESS);
  length = RtlLengthSecurityDescriptor(room.get());
  registry.set(u"Security", REG_BINARY, room.get(), length);
  registry.set(u"DeviceType", REG_DWORD, &type, sizeof type);
  MICA_CHECK(secure.make(text, IOCTL_SECURE_MAKE_OF_CLASS) == STATUS_SUCCESS);
  {
    MadeSecurity const made;
    MICA_CHECK(made.rights().count() == 1 && made.rights().mask(0) == FILE_READ_DATA);
    MICA_CHECK(is_for(made.rights(), 0, 1, {0}) && made.device_type() == FILE_DEVICE_NULL);
  }
  MICA_CHECK(secure.make(text) == STATUS_SUCCESS);  // of no class
  MICA_CHECK(MadeSecurity{}.rights().count() == 2);
  registry.set(u"Security", REG_BINARY, room.get(), length - 1);
  MICA_CHECK(secure.make(text, IOCTL_SECURE_MAKE_OF_CLASS) == STATUS_INVALID_SECURITY_DESCR);
  registry.set(u"Security", REG_NONE, room.get(), length);
  MICA_CHECK(secure.make(text, IOCTL_SECURE_MAKE_OF_CLASS) == STATUS_INVALID_SECURITY_DESCR);
  registry.set(u"Security", REG_BINARY, room.get(), length);
  registry.set(u"DeviceType", REG_SZ, const_cast<char16_t*>(u"1"), 4);
  MICA_CHECK(secure.make(text, IOCTL_SECURE_MAKE_OF_CLASS) == STATUS_OBJECT_TYPE_MISMATCH);
}
