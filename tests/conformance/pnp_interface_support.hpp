// What cases of interfaces and of notifications share.
#pragma once

#include <nt/rtl/string.h>

#include "pnp_support.hpp"

namespace mica::test {

inline constexpr GUID first_use = {
    0xc0ffee00, 0x0123, 0x4567, {0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67}};
inline constexpr GUID second_use = {
    0xc0ffee01, 0x0123, 0x4567, {0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67}};

// The name of a device's interface, for a scope.
struct InterfaceOf {
  UNICODE_STRING name{};
  NTSTATUS status;

  InterfaceOf(PDEVICE_OBJECT pdo, GUID const& use, WCHAR const* reference = nullptr) noexcept {
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, reference);
    status = IoRegisterDeviceInterface(pdo, &use, reference != nullptr ? &text : nullptr, &name);
  }
  InterfaceOf(InterfaceOf const&) = delete;
  InterfaceOf& operator=(InterfaceOf const&) = delete;
  ~InterfaceOf() {
    if (name.Buffer != nullptr) RtlFreeUnicodeString(&name);
  }
  [[nodiscard]] bool is(WCHAR const* expected) const noexcept {
    UNICODE_STRING text;
    RtlInitUnicodeString(&text, expected);
    return status == STATUS_SUCCESS && RtlEqualUnicodeString(&name, &text, FALSE) != FALSE;
  }
};

inline NTSTATUS open_by(UNICODE_STRING& name) noexcept {
  PFILE_OBJECT file = nullptr;
  PDEVICE_OBJECT device = nullptr;
  NTSTATUS const status = IoGetDeviceObjectPointer(&name, FILE_READ_DATA, &file, &device);
  if (file != nullptr) ObDereferenceObject(file);
  return status;
}

}  // namespace mica::test
