// Symbolic links among keys: a key with one value, the path of another key.
#pragma once

#include <cstring>
#include <string_view>

#include "cm/node.hpp"

namespace mica::cm {

inline constexpr std::u16string_view link_value = u"SymbolicLinkValue";

[[nodiscard]] inline UNICODE_STRING string_of(std::u16string_view text) noexcept {
  auto const bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
  return {bytes, bytes, const_cast<WCHAR*>(text.data())};
}

// What a link with these values leads to, with `rest` behind it: STATUS_REPARSE, and `path` is from
// the pool (ob::tag_name). STATUS_OBJECT_NAME_NOT_FOUND for a link that leads nowhere yet.
[[nodiscard]] inline NTSTATUS follow_link(Pointers<Value> const& values, UNICODE_STRING const& rest,
                                          UNICODE_STRING& path) noexcept {
  ULONG const index = find_value(values, string_of(link_value));
  if (index == values.size()) return STATUS_OBJECT_NAME_NOT_FOUND;
  Value const& target = values[index];
  ULONG const separator = rest.Length != 0 ? sizeof(WCHAR) : 0;
  ULONG const bytes = target.bytes + separator + rest.Length;
  if (bytes > UNICODE_STRING_MAX_BYTES) return STATUS_NAME_TOO_LONG;
  auto* const text = static_cast<std::byte*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, ob::tag_name));
  if (text == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  WCHAR const backslash = OBJ_NAME_PATH_SEPARATOR;
  std::memcpy(text, target.data, target.bytes);
  std::memcpy(text + target.bytes, &backslash, separator);
  if (rest.Length != 0) std::memcpy(text + target.bytes + separator, rest.Buffer, rest.Length);
  path = {static_cast<USHORT>(bytes), static_cast<USHORT>(bytes), reinterpret_cast<WCHAR*>(text)};
  return STATUS_REPARSE;
}

// A target is a path, without a terminating null.
[[nodiscard]] inline bool is_target(Data const& data) noexcept {
  WCHAR first = 0;
  if (data.type != REG_LINK || data.bytes < sizeof first || data.bytes % sizeof first != 0 ||
      data.bytes > UNICODE_STRING_MAX_BYTES)
    return false;
  std::memcpy(&first, data.start, sizeof first);
  return first == OBJ_NAME_PATH_SEPARATOR;
}

}  // namespace mica::cm
