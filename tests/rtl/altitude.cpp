// Altitudes are compared as the numbers that they are.
#include <rapidcheck.h>

#include <string>

#include "catch.hpp"
#include "rtl/altitude.hpp"

using namespace mica;

namespace {

struct Altitude {
  std::u16string text;
  double value;
};

// Zeros in front and behind change nothing.
Altitude altitude() {
  auto const whole = *rc::gen::inRange(0, 2000);
  auto const fraction = *rc::gen::inRange(0, 1000);
  std::string text(*rc::gen::inRange<std::size_t>(0, 3), '0');
  text += std::to_string(whole);
  if (fraction != 0) {
    std::string const digits = std::to_string(fraction);
    text += "." + std::string(3 - digits.size(), '0') + digits;
    text += std::string(*rc::gen::inRange<std::size_t>(0, 3), '0');
  }
  return {{text.begin(), text.end()}, whole + fraction / 1000.0};
}

UNICODE_STRING view(std::u16string& text) {
  auto const bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
  return {bytes, bytes, text.data()};
}

int sign(double value) {
  return (value > 0) - (value < 0);
}

}  // namespace

TEST_CASE("altitude: digits, and a point behind the first of them", "[rtl]") {
  auto const is_altitude = [](std::u16string text) { return rtl::is_altitude(view(text)); };
  for (char16_t const* const text : {u"0", u"42", u"42.", u"0.5"}) CHECK(is_altitude(text));
  for (char16_t const* const text : {u"", u".", u".5", u"1.2.3", u"12a", u"1.2a", u"-1", u"1,5"})
    CHECK_FALSE(is_altitude(text));
  std::u16string digits = u"12";
  UNICODE_STRING const nothing{0, 4, digits.data()};
  CHECK_FALSE(rtl::is_altitude(nothing));
}

TEST_CASE("altitude: the order is that of numbers", "[rtl]") {
  CHECK(rc::check([] {
    Altitude one = altitude(), other = altitude();
    UNICODE_STRING const a = view(one.text), b = view(other.text);
    RC_ASSERT((rtl::is_altitude(a) && rtl::is_altitude(b)));
    RC_ASSERT(sign(rtl::compare_altitudes(a, b)) == sign(one.value - other.value));
    RC_ASSERT(rtl::compare_altitudes(a, a) == 0);
  }));
}
