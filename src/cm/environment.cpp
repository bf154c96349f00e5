#include "cm/environment.hpp"

#include <nt/rtl.h>

#include <algorithm>

#include "rtl/characters.hpp"

namespace mica::cm {
namespace {

[[nodiscard]] bool same(std::u16string_view left, std::u16string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(), [](WCHAR a, WCHAR b) {
    return RtlUpcaseUnicodeChar(a) == RtlUpcaseUnicodeChar(b);
  });
}

// False: there is no such variable.
[[nodiscard]] bool find(WCHAR const* environment, std::u16string_view name,
                        std::u16string_view& value) noexcept {
  if (environment == nullptr || name.empty()) return false;
  for (WCHAR const* at = environment; *at != 0; at += rtl::length_of(at) + 1) {
    std::u16string_view const entry{at, rtl::length_of(at)};
    auto const equals = std::find(entry.begin(), entry.end(), u'=');
    if (equals == entry.end() || !same({entry.begin(), equals}, name)) continue;
    value = {equals + 1, entry.end()};
    return true;
  }
  return false;
}

}  // namespace

std::size_t NTAPI expand(std::u16string_view text, WCHAR const* environment, WCHAR* buffer,
                         std::size_t room) noexcept {
  std::size_t length = 0;
  auto const put = [&](std::u16string_view part) {
    for (WCHAR const character : part) {
      if (length < room) buffer[length] = character;
      ++length;
    }
  };
  auto at = text.begin();
  while (at != text.end()) {
    auto const percent = std::find(at, text.end(), u'%');
    put({at, percent});
    if (percent == text.end()) break;
    auto const closing = std::find(percent + 1, text.end(), u'%');
    std::u16string_view value;
    if (closing != text.end() && find(environment, {percent + 1, closing}, value)) {
      put(value);
      at = closing + 1;
    } else {
      put(u"%");
      at = percent + 1;
    }
  }
  return length;
}

}  // namespace mica::cm
