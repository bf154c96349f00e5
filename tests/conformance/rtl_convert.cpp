// Conversions of strings, with and without a buffer from the pool.
//   [MSDN RtlUnicodeStringToAnsiString, RtlAnsiStringToUnicodeString, RtlUpcaseUnicodeString]
#include "rtl_support.hpp"

using namespace mica::test;

MICA_CASE("Rtl: sizes of converted strings count the terminating null") {
  Wide const wide{u"abc"};
  Narrow const narrow{"abcd"};
  MICA_CHECK(RtlUnicodeStringToAnsiSize(&wide.string) == 4);
  MICA_CHECK(RtlAnsiStringToUnicodeSize(&narrow.string) == 10);
}

MICA_CASE("Rtl: RtlUnicodeStringToAnsiString allocates") {
  Wide const source{u"caf\u00E9 \u20AC\u0416"};
  ANSI_STRING result{};
  MICA_REQUIRE(RtlUnicodeStringToAnsiString(&result, &source.string, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(is(result, "caf\xE9 \x80?"));
  MICA_CHECK(result.MaximumLength == 8 && result.Buffer[7] == 0);
  RtlFreeAnsiString(&result);
  MICA_CHECK(result.Buffer == nullptr && result.Length == 0 && result.MaximumLength == 0);
}

MICA_CASE("Rtl: RtlUnicodeStringToAnsiString holds what fits when it overflows") {
  Wide const source{u"abcd"};
  Narrow destination{"~~~~~~"};
  MICA_CHECK(RtlUnicodeStringToAnsiString(&destination.string, &source.string, FALSE) ==
             STATUS_SUCCESS);
  MICA_CHECK(is(destination.string, "abcd") && destination.text[4] == 0);
  MICA_CHECK(destination.text[5] == '~');
  destination.string.MaximumLength = 3;
  MICA_CHECK(RtlUnicodeStringToAnsiString(&destination.string, &source.string, FALSE) ==
             STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(is(destination.string, "ab") && destination.text[2] == 0);
  destination.string.MaximumLength = 0;
  MICA_CHECK(RtlUnicodeStringToAnsiString(&destination.string, &source.string, FALSE) ==
             STATUS_BUFFER_OVERFLOW);
}

MICA_CASE("Rtl: RtlAnsiStringToUnicodeString allocates") {
  Narrow const source{"\x80 \xE9\x81"};
  UNICODE_STRING result{};
  MICA_REQUIRE(RtlAnsiStringToUnicodeString(&result, &source.string, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(is(result, u"\u20AC \u00E9\x81"));
  MICA_CHECK(result.MaximumLength == 10 && result.Buffer[4] == 0);
  RtlFreeUnicodeString(&result);
  MICA_CHECK(result.Buffer == nullptr && result.Length == 0 && result.MaximumLength == 0);
}

MICA_CASE("Rtl: RtlAnsiStringToUnicodeString needs room for the terminating null") {
  Narrow const source{"abc"};
  Room<4> exact;
  MICA_CHECK(RtlAnsiStringToUnicodeString(&exact.string, &source.string, FALSE) ==
             STATUS_SUCCESS);
  MICA_CHECK(is(exact.string, u"abc") && exact.text[3] == 0);
  Room<3> small;
  MICA_CHECK(RtlAnsiStringToUnicodeString(&small.string, &source.string, FALSE) ==
             STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(small.text[0] == u'~');
}

MICA_CASE("Rtl: RtlAnsiStringToUnicodeString refuses what no UNICODE_STRING holds") {
  CHAR text[1] = {};
  STRING const source{32767, 32767, text};
  UNICODE_STRING result{};
  MICA_CHECK(RtlAnsiStringToUnicodeString(&result, &source, TRUE) == STATUS_INVALID_PARAMETER_2);
  MICA_CHECK(result.Buffer == nullptr);
}

MICA_CASE("Rtl: RtlUpcaseUnicodeString, in place, elsewhere and allocated") {
  Wide string{u"m\u00FCll1"};
  UNICODE_STRING result{};
  MICA_REQUIRE(RtlUpcaseUnicodeString(&result, &string.string, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(is(result, u"M\u00DCLL1") && result.MaximumLength == 10);
  RtlFreeUnicodeString(&result);
  Room<4> small;
  MICA_CHECK(RtlUpcaseUnicodeString(&small.string, &string.string, FALSE) ==
             STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(small.text[0] == u'~');
  MICA_CHECK(RtlUpcaseUnicodeString(&string.string, &string.string, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(is(string.string, u"M\u00DCLL1"));
}

MICA_CASE("Rtl: an empty string is allocated and freed as any other") {
  UNICODE_STRING const empty{};
  UNICODE_STRING result{};
  MICA_CHECK(RtlUpcaseUnicodeString(&result, &empty, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(result.Buffer != nullptr && result.Length == 0);
  RtlFreeUnicodeString(&result);
  MICA_CHECK(result.Buffer == nullptr);
  RtlFreeUnicodeString(&result);
  MICA_CHECK(result.Buffer == nullptr);
}
