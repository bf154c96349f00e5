// Views of counted strings as spans of characters, and where text ends. Any IRQL.
#pragma once

#include <nt/rtl/string.h>

#include <cstddef>
#include <span>

namespace mica::rtl {

[[nodiscard]] inline std::span<WCHAR const> characters(UNICODE_STRING const& string) noexcept {
  return {string.Buffer, string.Length / sizeof(WCHAR)};
}
[[nodiscard]] inline std::span<CHAR const> characters(STRING const& string) noexcept {
  return {string.Buffer, string.Length};
}

// Characters before the terminating null; none for a null pointer.
template <class Character>
[[nodiscard]] inline std::size_t length_of(Character const* text) noexcept {
  std::size_t length = 0;
  if (text != nullptr) {
    while (text[length] != 0) ++length;
  }
  return length;
}

// Terminates the string if its buffer has room.
template <class String>
inline void terminate(String& string) noexcept {
  constexpr std::size_t unit = sizeof(*string.Buffer);
  if (string.Length + unit <= string.MaximumLength) string.Buffer[string.Length / unit] = 0;
}

}  // namespace mica::rtl
