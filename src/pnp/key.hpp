// The registry keys of devices.
//   ...\Enum\PATH says what the device is, where PATH is ROOT\NAME\0000, or what a child's bus
//   says; and has what drivers keep of the device in its subkey Device Parameters.
//   ...\Control\Class\{GUID}\NUMBER is what they keep for their driver.
//   What was written stays when the device goes. IRQL PASSIVE_LEVEL.
#pragma once

#include <nt/zw.h>

#include "pnp/description.hpp"

namespace mica::pnp {

inline constexpr std::string_view enumerator = "ROOT";
inline constexpr std::string_view instance = "0000";

// A handle that is closed at the end of its scope, unless it was released.
class [[nodiscard]] Key {
 public:
  Key() noexcept = default;
  Key(Key const&) = delete;
  Key& operator=(Key const&) = delete;
  ~Key();

  // Below another one's handle, or null. Keys that are not there are made, one part of the path
  // after the other; is_new() speaks of the last.
  [[nodiscard]] NTSTATUS create(HANDLE parent, std::string_view path,
                                ACCESS_MASK access = KEY_ALL_ACCESS) noexcept;
  // One name, of any letters.
  [[nodiscard]] NTSTATUS create(HANDLE parent, UNICODE_STRING name,
                                ACCESS_MASK access = KEY_ALL_ACCESS) noexcept;
  // `path` is `folder` and `name`.
  [[nodiscard]] NTSTATUS open(std::u16string_view folder, UNICODE_STRING const& name,
                              ACCESS_MASK access) noexcept;
  [[nodiscard]] HANDLE get() const noexcept { return handle_; }
  [[nodiscard]] HANDLE release() noexcept;
  [[nodiscard]] bool is_new() const noexcept { return disposition_ == REG_CREATED_NEW_KEY; }

 private:
  HANDLE handle_ = nullptr;
  ULONG disposition_ = 0;
};

inline constexpr std::u16string_view class_folder =
    u"\\Registry\\Machine\\System\\CurrentControlSet\\Control\\Class\\";

// The device's key by its path, made if need be. STATUS_OBJECT_NAME_NOT_FOUND: it has no path.
[[nodiscard]] NTSTATUS NTAPI create_device_key(std::string_view path, Key& key) noexcept;

// Writes what is known of a device: what its bus says, and what a text says of it or of its kind;
// and makes the key of its driver if its class has a GUID.
struct Sayings;
[[nodiscard]] NTSTATUS NTAPI write_keys(std::string_view path, Sayings const& says,
                                        Description const& device) noexcept;

// A value as it stands in a key.
class [[nodiscard]] Value {
 public:
  Value() noexcept = default;
  Value(Value const&) = delete;
  Value& operator=(Value const&) = delete;
  ~Value();

  // STATUS_OBJECT_NAME_NOT_FOUND, STATUS_INSUFFICIENT_RESOURCES.
  [[nodiscard]] NTSTATUS query(HANDLE key, std::string_view name) noexcept;
  [[nodiscard]] ULONG type() const noexcept { return information_->Type; }
  [[nodiscard]] UCHAR* data() const noexcept { return information_->Data; }
  [[nodiscard]] ULONG bytes() const noexcept { return information_->DataLength; }
  // Without a terminating null.
  [[nodiscard]] UNICODE_STRING string() const noexcept;

 private:
  KEY_VALUE_PARTIAL_INFORMATION* information_ = nullptr;
};

}  // namespace mica::pnp
