// Comparing, hashing and case.
//   [MSDN RtlCompareUnicodeString, RtlHashUnicodeString, RtlUpcaseUnicodeChar]
#include "rtl_support.hpp"

using namespace mica::test;

MICA_CASE("Rtl: RtlCompareUnicodeString orders by code units, then by length") {
  Wide const a{u"abc"};
  Wide const b{u"abd"};
  Wide const high{u"ab\uFFFD"};
  Wide const longer{u"abcd"};
  Wide const capital{u"ABC"};
  MICA_CHECK(RtlCompareUnicodeString(&a.string, &a.string, FALSE) == 0);
  MICA_CHECK(RtlCompareUnicodeString(&a.string, &b.string, FALSE) < 0);
  MICA_CHECK(RtlCompareUnicodeString(&b.string, &a.string, FALSE) > 0);
  MICA_CHECK(RtlCompareUnicodeString(&a.string, &high.string, FALSE) < 0);
  MICA_CHECK(RtlCompareUnicodeString(&a.string, &longer.string, FALSE) < 0);
  MICA_CHECK(RtlCompareUnicodeString(&longer.string, &a.string, TRUE) > 0);
  MICA_CHECK(RtlCompareUnicodeString(&a.string, &capital.string, FALSE) > 0);
  MICA_CHECK(RtlCompareUnicodeString(&a.string, &capital.string, TRUE) == 0);
}

MICA_CASE("Rtl: RtlCompareString takes characters without sign") {
  Narrow const low{"a\x7F"};
  Narrow const high{"a\xE4"};
  Narrow const capital{"A\xC4"};
  MICA_CHECK(RtlCompareString(&low.string, &high.string, FALSE) < 0);
  MICA_CHECK(RtlCompareString(&high.string, &low.string, FALSE) > 0);
  MICA_CHECK(RtlCompareString(&high.string, &capital.string, FALSE) > 0);
  MICA_CHECK(RtlCompareString(&high.string, &capital.string, TRUE) == 0);
}

MICA_CASE("Rtl: equality of strings, with and without case") {
  Wide const a{u"na\u00EFve"};
  Wide const b{u"NA\u00CFVE"};
  Wide const beginning{u"na\u00EF"};
  MICA_CHECK(RtlEqualUnicodeString(&a.string, &a.string, FALSE) == TRUE);
  MICA_CHECK(RtlEqualUnicodeString(&a.string, &b.string, FALSE) == FALSE);
  MICA_CHECK(RtlEqualUnicodeString(&a.string, &b.string, TRUE) == TRUE);
  MICA_CHECK(RtlEqualUnicodeString(&a.string, &beginning.string, TRUE) == FALSE);
  Narrow const c{"abc"};
  Narrow const d{"aBc"};
  Narrow const e{"ab"};
  MICA_CHECK(RtlEqualString(&c.string, &c.string, FALSE) == TRUE);
  MICA_CHECK(RtlEqualString(&c.string, &d.string, FALSE) == FALSE);
  MICA_CHECK(RtlEqualString(&c.string, &d.string, TRUE) == TRUE);
  MICA_CHECK(RtlEqualString(&c.string, &e.string, TRUE) == FALSE);
}

MICA_CASE("Rtl: RtlPrefixUnicodeString asks whether the second begins with the first") {
  Wide const device{u"\\Device"};
  Wide const name{u"\\DEVICE\\Null"};
  UNICODE_STRING const empty{};
  MICA_CHECK(RtlPrefixUnicodeString(&device.string, &name.string, TRUE) == TRUE);
  MICA_CHECK(RtlPrefixUnicodeString(&device.string, &name.string, FALSE) == FALSE);
  MICA_CHECK(RtlPrefixUnicodeString(&name.string, &device.string, TRUE) == FALSE);
  MICA_CHECK(RtlPrefixUnicodeString(&empty, &name.string, FALSE) == TRUE);
  MICA_CHECK(RtlPrefixUnicodeString(&name.string, &name.string, FALSE) == TRUE);
  UNICODE_STRING shorter = name.string;
  shorter.Length = 4 * sizeof(WCHAR);  // what follows in its buffer is not of it
  MICA_CHECK(RtlPrefixUnicodeString(&name.string, &shorter, FALSE) == FALSE);
}

MICA_CASE("Rtl: RtlHashUnicodeString is x65599, modulo 2^32") {
  Wide const text{u"aB"};
  Wide const capital{u"AB"};
  ULONG hash = 0;
  MICA_CHECK(RtlHashUnicodeString(&text.string, FALSE, HASH_STRING_ALGORITHM_X65599, &hash) ==
             STATUS_SUCCESS);
  MICA_CHECK(hash == 'a' * 65599u + 'B');
  MICA_CHECK(RtlHashUnicodeString(&text.string, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &hash) ==
             STATUS_SUCCESS);
  MICA_CHECK(hash == 'A' * 65599u + 'B');
  ULONG same = 0;
  MICA_CHECK(RtlHashUnicodeString(&capital.string, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &same) ==
             STATUS_SUCCESS);
  MICA_CHECK(same == hash);
}

MICA_CASE("Rtl: RtlHashUnicodeString refuses what it does not know") {
  Wide const text{u"a"};
  ULONG hash = 7;
  MICA_CHECK(RtlHashUnicodeString(&text.string, FALSE, 2, &hash) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlHashUnicodeString(&text.string, FALSE, HASH_STRING_ALGORITHM_INVALID, &hash) ==
             STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlHashUnicodeString(nullptr, FALSE, 0, &hash) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlHashUnicodeString(&text.string, FALSE, 0, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(hash == 7);
}

MICA_CASE("Rtl: upper and lower case of characters") {
  struct Pair {
    WCHAR lower;
    WCHAR upper;
  };
  constexpr Pair pairs[] = {{u'a', u'A'},           {u'z', u'Z'},           {0x00E4, 0x00C4},
                            {0x00FF, 0x0178},       {0x0101, 0x0100},       {0x03B1, 0x0391},
                            {0x0436, 0x0416},       {0x0561, 0x0531},       {0x1E01, 0x1E00},
                            {0x2170, 0x2160},       {0xFF41, 0xFF21}};
  for (Pair const& pair : pairs) {
    MICA_CHECK(RtlUpcaseUnicodeChar(pair.lower) == pair.upper);
    MICA_CHECK(RtlUpcaseUnicodeChar(pair.upper) == pair.upper);
    MICA_CHECK(RtlDowncaseUnicodeChar(pair.upper) == pair.lower);
    MICA_CHECK(RtlDowncaseUnicodeChar(pair.lower) == pair.lower);
  }
}

MICA_CASE("Rtl: characters without the other case stay") {
  constexpr WCHAR stay[] = {0, u'0', u'@', u'[', u'`', u'{', 0xD7, 0xDF, 0xF7, 0x131, 0x4E00,
                            0xD800, 0xFFFF};
  for (WCHAR const character : stay) {
    MICA_CHECK(RtlUpcaseUnicodeChar(character) == character);
    MICA_CHECK(RtlDowncaseUnicodeChar(character) == character);
  }
  MICA_CHECK(RtlUpcaseUnicodeChar(0x03C2) == 0x03A3);  // the final sigma is the exception
  MICA_CHECK(RtlDowncaseUnicodeChar(0x03A3) == 0x03C3);
}

MICA_CASE("Rtl: RtlUpperChar and RtlUpperString know code page 1252") {
  MICA_CHECK(RtlUpperChar('q') == 'Q' && RtlUpperChar('Q') == 'Q' && RtlUpperChar('1') == '1');
  MICA_CHECK(RtlUpperChar('\xE4') == '\xC4' && RtlUpperChar('\x9A') == '\x8A');
  MICA_CHECK(RtlUpperChar('\xFF') == '\x9F');
  MICA_CHECK(RtlUpperChar('\xB5') == '\xB5' && RtlUpperChar('\x83') == '\x83');
  Narrow const source{"abcd"};
  Narrow destination{"~~~~~~"};
  RtlUpperString(&destination.string, &source.string);
  MICA_CHECK(is(destination.string, "ABCD") && destination.text[4] == '~');
  destination.string.MaximumLength = 2;
  RtlUpperString(&destination.string, &source.string);
  MICA_CHECK(is(destination.string, "AB"));
}
