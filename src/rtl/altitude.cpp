#include "rtl/altitude.hpp"

#include <algorithm>
#include <string_view>

namespace mica::rtl {
namespace {

struct Parts {
  std::u16string_view whole;     // without zeros in front
  std::u16string_view fraction;  // without zeros behind
};

[[nodiscard]] Parts parts_of(UNICODE_STRING const& text) noexcept {
  WCHAR const* first = text.Buffer;
  WCHAR const* const end = first + text.Length / sizeof(WCHAR);
  WCHAR const* const point = std::find(first, end, u'.');
  first = std::find_if(first, point, [](WCHAR digit) { return digit != u'0'; });
  WCHAR const* const fraction = point == end ? end : point + 1;
  WCHAR const* last = end;
  while (last != fraction && last[-1] == u'0') --last;
  return {{first, static_cast<std::size_t>(point - first)},
          {fraction, static_cast<std::size_t>(last - fraction)}};
}

[[nodiscard]] int sign(std::u16string_view left, std::u16string_view right) noexcept {
  return left < right ? -1 : left > right ? 1 : 0;
}

}  // namespace

bool NTAPI is_altitude(UNICODE_STRING const& text) noexcept {
  std::u16string_view const all{text.Buffer, text.Length / sizeof(WCHAR)};
  auto const is_digit = [](WCHAR letter) { return letter >= u'0' && letter <= u'9'; };
  auto const digits = std::count_if(all.begin(), all.end(), is_digit);
  auto const points = std::count(all.begin(), all.end(), u'.');
  return digits > 0 && points <= 1 && static_cast<std::size_t>(digits + points) == all.size() &&
         is_digit(all.front());
}

int NTAPI compare_altitudes(UNICODE_STRING const& left, UNICODE_STRING const& right) noexcept {
  Parts const one = parts_of(left), other = parts_of(right);
  if (one.whole.size() != other.whole.size()) return one.whole.size() < other.whole.size() ? -1 : 1;
  int const whole = sign(one.whole, other.whole);
  return whole != 0 ? whole : sign(one.fraction, other.fraction);
}

}  // namespace mica::rtl
