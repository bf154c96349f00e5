// What a device's bus says of it in words.                 [MSDN IRP_MN_QUERY_ID,
//                                                           IRP_MN_QUERY_DEVICE_TEXT]
//   IRQL PASSIVE_LEVEL, for the worker.
#pragma once

#include <nt/io.h>

#include <string_view>

#include "pnp/words.hpp"

namespace mica::pnp {

// A string from the pool, or none. An identifier with a letter that none may have is bugcheck
// PNP_DETECTED_FATAL_ERROR.
class [[nodiscard]] Said {
 public:
  Said(DEVICE_OBJECT& device, BUS_QUERY_ID_TYPE which) noexcept;
  Said(DEVICE_OBJECT& device, DEVICE_TEXT_TYPE which) noexcept;
  Said(Said const&) = delete;
  Said& operator=(Said const&) = delete;
  ~Said();

  explicit operator bool() const noexcept { return text_ != nullptr; }
  [[nodiscard]] WCHAR const* get() const noexcept { return text_; }
  // With all terminating nulls.
  [[nodiscard]] ULONG bytes() const noexcept { return bytes_; }
  // Without: of one identifier.
  [[nodiscard]] std::size_t letters() const noexcept { return bytes_ / sizeof(WCHAR) - 1; }

 private:
  WCHAR* text_ = nullptr;
  ULONG bytes_ = 0;
};

// What goes into the device's key.
struct Sayings {
  explicit Sayings(DEVICE_OBJECT& device) noexcept
      : hardware_ids{device, BusQueryHardwareIDs},
        compatible_ids{device, BusQueryCompatibleIDs},
        description{device, DeviceTextDescription},
        location{device, DeviceTextLocationInformation} {}

  Said hardware_ids, compatible_ids, description, location;
};

// ENUMERATOR\DEVICE\INSTANCE. One whose instance is not unique by itself has its parent's path in
// it.                                                                       [MSDN "Instance IDs"]
class DevicePath {
 public:
  // Empty: the bus does not say both identifiers.
  DevicePath(DEVICE_OBJECT& device, std::string_view parent) noexcept;
  [[nodiscard]] std::string_view text() const noexcept { return {text_, length_}; }

 private:
  void put(char letter) noexcept { text_[length_++] = letter; }
  void put(Said const& identifier) noexcept;
  void put_hash(std::string_view text) noexcept;

  char text_[420];
  std::size_t length_ = 0;
};

}  // namespace mica::pnp
