#include "pnp/said.hpp"

#include <nt/ex.h>

#include <algorithm>

#include "base/letters.hpp"
#include "ke/bugcheck.hpp"
#include "pnp/request.hpp"

namespace mica::pnp {
namespace {

constexpr std::size_t longest_identifier = 199;  // [MSDN "Device Identification Strings"]

// How many letters strings have with their terminating nulls: one, or some and an empty one.
[[nodiscard]] std::size_t letters_of(WCHAR const* text, bool is_list) noexcept {
  if (*text == 0) return 1;
  WCHAR const* at = text;
  do {
    while (*at != 0) ++at;
    ++at;
  } while (is_list && *at != 0);
  return static_cast<std::size_t>(at - text) + (is_list ? 1 : 0);
}

[[nodiscard]] bool is_list(BUS_QUERY_ID_TYPE which) noexcept {
  return which == BusQueryHardwareIDs || which == BusQueryCompatibleIDs;
}

// A device's identifier is ENUMERATOR\DEVICE, an instance's has no backslash.
[[nodiscard]] bool is_right(BUS_QUERY_ID_TYPE which, WCHAR const* text,
                            std::size_t letters) noexcept {
  std::size_t length = 0;
  std::size_t backslashes = 0;
  for (WCHAR const* at = text; at != text + letters - 1; ++at) {
    if (*at == 0) {
      length = 0;
      continue;
    }
    if (*at <= ' ' || *at >= 0x7F || *at == ',' || ++length > longest_identifier) return false;
    if (*at == '\\') ++backslashes;
  }
  if (which == BusQueryDeviceID) return backslashes == 1;
  return which != BusQueryInstanceID || backslashes == 0;
}

[[nodiscard]] ULONG_PTR number_of(BUS_QUERY_ID_TYPE which) noexcept {
  constexpr ULONG_PTR device = 1, instance = 2, hardware = 3, compatible = 4;
  switch (which) {
    case BusQueryDeviceID:
      return device;
    case BusQueryInstanceID:
      return instance;
    case BusQueryHardwareIDs:
      return hardware;
    default:
      return compatible;
  }
}

[[nodiscard]] WCHAR* text_in(IO_STATUS_BLOCK const& answer) noexcept {
  return NT_SUCCESS(answer.Status) ? reinterpret_cast<WCHAR*>(answer.Information) : nullptr;
}

[[nodiscard]] bool has_unique_instance(DEVICE_OBJECT& device) noexcept {
  DEVICE_CAPABILITIES found{};
  return NT_SUCCESS(query_capabilities(device, found)) && found.UniqueID != 0;
}

}  // namespace

Said::Said(DEVICE_OBJECT& device, BUS_QUERY_ID_TYPE which) noexcept {
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = IRP_MN_QUERY_ID;
  asked.Parameters.QueryId.IdType = which;
  text_ = text_in(send(device, asked));
  if (text_ == nullptr) return;
  std::size_t const letters = letters_of(text_, is_list(which));
  constexpr ULONG_PTR invalid_identifier = 3;
  if (!is_right(which, text_, letters))
    ke::bugcheck(PNP_DETECTED_FATAL_ERROR, invalid_identifier, ke::as_parameter(&device),
                 ke::as_parameter(text_), number_of(which));
  bytes_ = static_cast<ULONG>(letters * sizeof(WCHAR));
}

Said::Said(DEVICE_OBJECT& device, DEVICE_TEXT_TYPE which) noexcept {
  IO_STACK_LOCATION asked{};
  asked.MinorFunction = IRP_MN_QUERY_DEVICE_TEXT;
  asked.Parameters.QueryDeviceText.DeviceTextType = which;
  text_ = text_in(send(device, asked));
  if (text_ != nullptr) bytes_ = static_cast<ULONG>(letters_of(text_, false) * sizeof(WCHAR));
}

Said::~Said() {
  if (text_ != nullptr) ExFreePool(text_);
}

void DevicePath::put(Said const& identifier) noexcept {
  for (std::size_t i = 0; i < identifier.letters(); ++i)
    put(static_cast<char>(identifier.get()[i]));
}

// FNV-1a, of the letters in one case.
void DevicePath::put_hash(std::string_view text) noexcept {
  std::uint32_t hash = 0x811C'9DC5;
  for (char const letter : text) hash = (hash ^ static_cast<UCHAR>(lower(letter))) * 0x0100'0193;
  for (unsigned shift = 32; shift != 0;) put("0123456789abcdef"[(hash >> (shift -= 4)) & 0xF]);
}

DevicePath::DevicePath(DEVICE_OBJECT& device, std::string_view parent) noexcept {
  Said const name{device, BusQueryDeviceID}, instance{device, BusQueryInstanceID};
  if (!name || !instance) return;
  put(name);
  put('\\');
  if (!has_unique_instance(device)) {
    put_hash(parent);
    put('&');
  }
  put(instance);
}

}  // namespace mica::pnp
