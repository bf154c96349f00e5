// What the cases of the run-time library share: strings over buffers whose contents they check.
#pragma once

#include <mica/test.hpp>
#include <nt/rtl.h>

#include <cstddef>

namespace mica::test {

// A string over a copy of a literal, terminating null not counted.
template <std::size_t Size>
struct Wide {
  WCHAR text[Size];
  UNICODE_STRING string{(Size - 1) * sizeof(WCHAR), (Size - 1) * sizeof(WCHAR), text};
  Wide(WCHAR const (&literal)[Size]) noexcept { RtlCopyMemory(text, literal, sizeof text); }
};

template <std::size_t Size>
struct Narrow {
  CHAR text[Size];
  STRING string{Size - 1, Size - 1, text};
  Narrow(CHAR const (&literal)[Size]) noexcept { RtlCopyMemory(text, literal, sizeof text); }
};

// An empty string over room for `Size` characters, all of them '~'.
template <std::size_t Size>
struct Room {
  WCHAR text[Size];
  UNICODE_STRING string{0, Size * sizeof(WCHAR), text};
  Room() noexcept {
    for (WCHAR& character : text) character = u'~';
  }
};

// Whether the string has exactly this text.
template <std::size_t Size>
[[nodiscard]] bool is(UNICODE_STRING const& string, WCHAR const (&text)[Size]) noexcept {
  return string.Length == (Size - 1) * sizeof(WCHAR) &&
         RtlEqualMemory(string.Buffer, text, string.Length);
}

template <std::size_t Size>
[[nodiscard]] bool is(STRING const& string, CHAR const (&text)[Size]) noexcept {
  return string.Length == Size - 1 && RtlEqualMemory(string.Buffer, text, string.Length);
}

}  // namespace mica::test
