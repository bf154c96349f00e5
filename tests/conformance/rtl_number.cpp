// Numbers as text and back.          [MSDN RtlUnicodeStringToInteger, RtlIntegerToUnicodeString]
#include "rtl_support.hpp"

#include <initializer_list>

using namespace mica::test;

namespace {

template <std::size_t Size>
[[nodiscard]] bool reads(WCHAR const (&text)[Size], ULONG base, ULONG expected) noexcept {
  Wide const string{text};
  ULONG value = ~expected;
  NTSTATUS const status = RtlUnicodeStringToInteger(&string.string, base, &value);
  return status == STATUS_SUCCESS && value == expected;
}

template <std::size_t Size>
[[nodiscard]] bool writes(ULONGLONG value, ULONG base, WCHAR const (&expected)[Size]) noexcept {
  Room<Size> room;
  bool const fits = RtlInt64ToUnicodeString(value, base, &room.string) == STATUS_SUCCESS;
  return fits && is(room.string, expected) && room.text[Size - 1] == 0;
}

}  // namespace

MICA_CASE("Rtl: RtlUnicodeStringToInteger reads the documented examples") {
  MICA_CHECK(reads(u"123", 10, 123));
  MICA_CHECK(reads(u"-345", 10, static_cast<ULONG>(-345)));
  MICA_CHECK(reads(u"xyz", 10, 0));
  MICA_CHECK(reads(u"+678abc", 10, 678));
  MICA_CHECK(reads(u"+678abc", 16, 0x678abc));
}

MICA_CASE("Rtl: RtlUnicodeStringToInteger skips spaces and stops at the first other character") {
  MICA_CHECK(reads(u"  \t42 7", 10, 42));
  MICA_CHECK(reads(u" ", 10, 0));
  MICA_CHECK(reads(u"-", 0, 0));
  MICA_CHECK(reads(u"102", 2, 2));
  MICA_CHECK(reads(u"778", 8, 077));
  MICA_CHECK(reads(u"fFg", 16, 0xFF));
  MICA_CHECK(reads(u"4294967295", 10, 0xFFFFFFFF));
  // What stands beside the digits and letters in ASCII is none of them.
  for (WCHAR const character : {u'/', u':', u'@', u'G', u'`', u'g'}) {
    WCHAR text[] = {u'1', character, u'2'};
    UNICODE_STRING const string{sizeof text, sizeof text, text};
    ULONG value = 0;
    MICA_CHECK(RtlUnicodeStringToInteger(&string, 16, &value) == STATUS_SUCCESS && value == 1);
  }
}

MICA_CASE("Rtl: RtlUnicodeStringToInteger reads nothing behind the string") {
  WCHAR text[] = u" -5 +5 0x5";
  for (USHORT const first : {0, 3, 7}) {  // one character of each, a blank or the 0 of a prefix
    UNICODE_STRING const string{sizeof(WCHAR), sizeof(WCHAR), text + first};
    ULONG value = 9;
    MICA_CHECK(RtlUnicodeStringToInteger(&string, 0, &value) == STATUS_SUCCESS && value == 0);
  }
}

MICA_CASE("Rtl: with base 0 the prefix chooses") {
  MICA_CHECK(reads(u"0x1F", 0, 0x1F));
  MICA_CHECK(reads(u"0o17", 0, 017));
  MICA_CHECK(reads(u"0b101", 0, 5));
  MICA_CHECK(reads(u"017", 0, 17));
  MICA_CHECK(reads(u"-0x10", 0, static_cast<ULONG>(-16)));
  MICA_CHECK(reads(u"0", 0, 0));
  MICA_CHECK(reads(u"7", 0, 7));
  MICA_CHECK(reads(u"12", 0, 12));
  MICA_CHECK(reads(u"1x5", 0, 1));
  MICA_CHECK(reads(u"0x", 0, 0));
}

MICA_CASE("Rtl: RtlUnicodeStringToInteger refuses empty strings and other bases") {
  UNICODE_STRING const empty{};
  Wide const text{u"1"};
  ULONG value = 9;
  MICA_CHECK(RtlUnicodeStringToInteger(&empty, 10, &value) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlUnicodeStringToInteger(&text.string, 3, &value) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlUnicodeStringToInteger(&text.string, 36, &value) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(value == 9);
}

MICA_CASE("Rtl: numbers are written in every base") {
  MICA_CHECK(writes(0, 10, u"0"));
  MICA_CHECK(writes(1234567890, 0, u"1234567890"));
  MICA_CHECK(writes(255, 16, u"FF"));
  MICA_CHECK(writes(8, 8, u"10"));
  MICA_CHECK(writes(5, 2, u"101"));
  MICA_CHECK(writes(~0ull, 16, u"FFFFFFFFFFFFFFFF"));
  MICA_CHECK(writes(~0ull, 10, u"18446744073709551615"));
  MICA_CHECK(
      writes(~0ull, 2, u"1111111111111111111111111111111111111111111111111111111111111111"));
}

MICA_CASE("Rtl: RtlIntegerToUnicodeString needs room for the terminating null") {
  Room<4> room;
  MICA_CHECK(RtlIntegerToUnicodeString(123, 10, &room.string) == STATUS_SUCCESS);
  MICA_CHECK(is(room.string, u"123") && room.text[3] == 0);
  MICA_CHECK(RtlIntegerToUnicodeString(1234, 10, &room.string) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(is(room.string, u"123"));
  MICA_CHECK(RtlIntegerToUnicodeString(1, 7, &room.string) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlInt64ToUnicodeString(1, 7, &room.string) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlInt64ToUnicodeString(1ull << 32, 16, &room.string) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(is(room.string, u"123"));
}
