// What an interface is called, and where the registry has it.
//   IRQL PASSIVE_LEVEL.
#pragma once

#include <nt/ex.h>

#include <string_view>

#include "pnp/key.hpp"

namespace mica::pnp {

// \??\PATH#{GUID} and \REFERENCE, in a block of the pool, for a scope.
class [[nodiscard]] InterfaceName {
 public:
  // `reference` may be null. text() is null without memory, or if it is too long for a string.
  InterfaceName(std::string_view path, GUID const& class_guid,
                UNICODE_STRING const* reference) noexcept;
  InterfaceName(InterfaceName const&) = delete;
  InterfaceName& operator=(InterfaceName const&) = delete;
  ~InterfaceName();

  explicit operator bool() const noexcept { return text_.Buffer != nullptr; }
  [[nodiscard]] UNICODE_STRING const& text() const noexcept { return text_; }
  [[nodiscard]] USHORT link_bytes() const noexcept { return link_bytes_; }
  // It is the caller's, to be freed by RtlFreeUnicodeString.
  [[nodiscard]] UNICODE_STRING release() noexcept;

 private:
  void put(std::string_view letters) noexcept;

  UNICODE_STRING text_{};
  USHORT link_bytes_ = 0;
};

// ...\Control\DeviceClasses\{GUID}\##?#PATH#{GUID}\#REFERENCE, made if need be.
[[nodiscard]] NTSTATUS NTAPI create_interface_key(UNICODE_STRING const& name, USHORT link_bytes,
                                                  GUID const& class_guid, Key& key) noexcept;

// In a block of its own, to be freed by RtlFreeUnicodeString. STATUS_INSUFFICIENT_RESOURCES.
[[nodiscard]] NTSTATUS NTAPI copy(UNICODE_STRING const& text, UNICODE_STRING& copied) noexcept;

}  // namespace mica::pnp
