// Properties of strings against the standard library's.
#include <rapidcheck.h>

#include <algorithm>
#include <string>

#include "catch.hpp"

#include <nt/rtl.h>

namespace {

// Few letters, so that strings meet.
std::u16string text() {
  return *rc::gen::container<std::u16string>(
      rc::gen::element<char16_t>(u'a', u'A', u'b', u'B', u'\u00E4', u'\u00C4', u'\uFFFD'));
}

UNICODE_STRING view(std::u16string& text) {
  auto const bytes = static_cast<USHORT>(text.size() * sizeof(WCHAR));
  return {bytes, bytes, text.data()};
}

std::u16string folded(std::u16string text) {
  for (char16_t& letter : text) {
    if (letter == u'a' || letter == u'b' || letter == u'\u00E4') letter -= 0x20;
  }
  return text;
}

int sign(int value) { return (value > 0) - (value < 0); }

}  // namespace

TEST_CASE("Rtl: comparisons agree with std::u16string") {
  CHECK(rc::check([] {
    std::u16string left = text();
    std::u16string right = text();
    if (*rc::gen::arbitrary<bool>()) right = left + right;
    UNICODE_STRING const a = view(left);
    UNICODE_STRING const b = view(right);
    RC_ASSERT(sign(RtlCompareUnicodeString(&a, &b, FALSE)) == sign(left.compare(right)));
    RC_ASSERT(sign(RtlCompareUnicodeString(&a, &b, TRUE)) ==
              sign(folded(left).compare(folded(right))));
    RC_ASSERT((RtlEqualUnicodeString(&a, &b, TRUE) != FALSE) == (folded(left) == folded(right)));
    RC_ASSERT((RtlPrefixUnicodeString(&a, &b, FALSE) != FALSE) == right.starts_with(left));
    ULONG one = 0;
    ULONG other = 0;
    RC_ASSERT(RtlHashUnicodeString(&a, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &one) == 0);
    RC_ASSERT(RtlHashUnicodeString(&b, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &other) == 0);
    RC_ASSERT(folded(left) != folded(right) || one == other);
  }));
}

TEST_CASE("Rtl: appending adds all or nothing and stays inside the buffer") {
  CHECK(rc::check([] {
    std::u16string tail = text();
    UNICODE_STRING const source = view(tail);
    auto const capacity = *rc::gen::inRange<std::size_t>(0, 40);
    auto const length = *rc::gen::inRange<std::size_t>(0, capacity + 1);
    std::u16string buffer(capacity + 1, u'~');
    UNICODE_STRING string{static_cast<USHORT>(length * 2), static_cast<USHORT>(capacity * 2),
                          buffer.data()};
    bool const fits = length + tail.size() <= capacity;
    RC_ASSERT(RtlAppendUnicodeStringToString(&string, &source) ==
              (fits ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL));
    RC_ASSERT(string.Length == 2 * (fits ? length + tail.size() : length));
    RC_ASSERT(!fits || buffer.substr(length, tail.size()) == tail);
    RC_ASSERT(buffer[capacity] == u'~');
  }));
}

TEST_CASE("Rtl: case mappings settle after one step and come back") {
  for (ULONG code = 0; code < 0x10000; ++code) {
    auto const character = static_cast<WCHAR>(code);
    WCHAR const upper = RtlUpcaseUnicodeChar(character);
    if (upper == character) continue;
    CAPTURE(code);
    CHECK(RtlUpcaseUnicodeChar(upper) == upper);
    if (code != 0x03C2) CHECK(RtlDowncaseUnicodeChar(upper) == character);
  }
}

TEST_CASE("Rtl: a written number reads as itself") {
  CHECK(rc::check([] {
    auto const value = *rc::gen::arbitrary<ULONG>();
    ULONG const base = *rc::gen::element<ULONG>(2, 8, 10, 16);
    WCHAR buffer[40];
    UNICODE_STRING string{0, sizeof buffer, buffer};
    RC_ASSERT(RtlIntegerToUnicodeString(value, base, &string) == STATUS_SUCCESS);
    ULONG read = 0;
    RC_ASSERT(RtlUnicodeStringToInteger(&string, base, &read) == STATUS_SUCCESS);
    RC_ASSERT(read == value);
  }));
}
