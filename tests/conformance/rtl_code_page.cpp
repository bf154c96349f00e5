// Text in code pages, and in lower case.
#include <nt/ex.h>
#include <nt/ntstatus.h>
#include <nt/rtl.h>

#include <cstring>
#include <initializer_list>

#include <mica/test.hpp>

using namespace mica::test;

namespace {

template <std::size_t N>
UNICODE_STRING wide(WCHAR const (&text)[N]) {
  constexpr auto bytes = static_cast<USHORT>((N - 1) * sizeof(WCHAR));
  return {bytes, bytes, const_cast<WCHAR*>(text)};
}
template <std::size_t N>
STRING narrow(char const (&text)[N]) {
  return {N - 1, N - 1, const_cast<char*>(text)};
}
// Before it stands o with two dots, which both code pages have at another place.
constexpr WCHAR umlaut[] = u"a\u00F6\u20AC";

}  // namespace

MICA_CASE("Rtl: text is converted to and from code pages 1252 and 437, as much as fits") {
  CHAR bytes[4] = {9, 9, 9, 9};
  WCHAR text[4] = {9, 9, 9, 9};
  ULONG written = 0;
  MICA_CHECK(RtlUnicodeToMultiByteN(bytes, 4, &written, umlaut, 6) == STATUS_SUCCESS);
  MICA_CHECK(written == 3 && std::memcmp(bytes, "a\xF6\x80\x09", 4) == 0);
  MICA_CHECK(RtlUpcaseUnicodeToMultiByteN(bytes, 2, &written, umlaut, 6) == STATUS_SUCCESS);
  MICA_CHECK(written == 2 && std::memcmp(bytes, "A\xD6\x80\x09", 4) == 0);
  MICA_CHECK(RtlUnicodeToOemN(bytes, 4, &written, umlaut, 6) == STATUS_SUCCESS);
  MICA_CHECK(written == 3 && std::memcmp(bytes, "a\x94?\x09", 4) == 0);
  MICA_CHECK(RtlUpcaseUnicodeToOemN(bytes, 2, nullptr, umlaut, 6) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(std::memcmp(bytes, "A\x99?\x09", 4) == 0);
  MICA_CHECK(RtlUnicodeToOemN(bytes, 1, &written, umlaut, 6) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(written == 1);
  MICA_CHECK(RtlMultiByteToUnicodeN(text, 8, &written, "a\xF6\x80", 3) == STATUS_SUCCESS);
  MICA_CHECK(written == 6 && std::memcmp(text, u"a\u00F6\u20AC\x09", 8) == 0);
  MICA_CHECK(RtlOemToUnicodeN(text, 5, &written, "\x94\xE1\x80", 3) == STATUS_SUCCESS);
  MICA_CHECK(written == 4 && std::memcmp(text, u"\u00F6\u00DF\u20AC", 6) == 0);
  MICA_CHECK(RtlMultiByteToUnicodeSize(&written, "abc", 3) == STATUS_SUCCESS && written == 6);
  MICA_CHECK(RtlUnicodeToMultiByteSize(&written, umlaut, 6) == STATUS_SUCCESS && written == 3);
}

MICA_CASE("Rtl: a byte of the OEM code page is a character and back") {
  for (unsigned code = 0; code < 256; ++code) {
    CHAR const byte = static_cast<CHAR>(code);
    CHAR back = 0;
    WCHAR character = 0;
    MICA_CHECK(RtlOemToUnicodeN(&character, 2, nullptr, &byte, 1) == STATUS_SUCCESS);
    MICA_CHECK(RtlUnicodeToOemN(&back, 1, nullptr, &character, 2) == STATUS_SUCCESS);
    MICA_CHECK(back == byte);
  }
}

MICA_CASE("Rtl: a byte of the ANSI code page is a character and back, a control is itself") {
  for (unsigned code = 0; code < 256; ++code) {
    CHAR const byte = static_cast<CHAR>(code);
    CHAR back = 0;
    WCHAR character = 0;
    MICA_CHECK(RtlMultiByteToUnicodeN(&character, 2, nullptr, &byte, 1) == STATUS_SUCCESS);
    MICA_CHECK((character == code) == (code < 0x80 || code >= 0xA0 || code == 0x81 ||
                                       code == 0x8D || code == 0x8F || code == 0x90 ||
                                       code == 0x9D));
    MICA_CHECK(RtlUnicodeToMultiByteN(&back, 1, nullptr, &character, 2) == STATUS_SUCCESS);
    MICA_CHECK(back == byte);
  }
}

MICA_CASE("Rtl: a character that a code page lacks is a question mark in it") {
  constexpr WCHAR lacking[] = {0x80, 0x9F, 0x100, 0x4E00, 0xFFFF};
  for (WCHAR const character : lacking) {
    CHAR ansi = 0, oem = 0;
    MICA_CHECK(RtlUnicodeToMultiByteN(&ansi, 1, nullptr, &character, 2) == STATUS_SUCCESS);
    MICA_CHECK(RtlUnicodeToOemN(&oem, 1, nullptr, &character, 2) == STATUS_SUCCESS);
    MICA_CHECK(ansi == '?' && oem == '?');
  }
}

MICA_CASE("Rtl: OEM strings are made with a null, or counted without") {
  STRING oem = narrow("a\x94");
  UNICODE_STRING text = wide(u"a\u00F6"), made{};
  STRING bytes{};
  MICA_CHECK(RtlxOemStringToUnicodeSize(&oem) == 6 && RtlxUnicodeStringToOemSize(&text) == 3);
  MICA_CHECK(RtlOemStringToUnicodeString(&made, &oem, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(made.Length == 4 && made.MaximumLength == 6);
  MICA_CHECK(std::memcmp(made.Buffer, u"a\u00F6", 6) == 0);
  RtlFreeUnicodeString(&made);
  MICA_CHECK(RtlOemStringToCountedUnicodeString(&made, &oem, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(made.Length == 4 && made.MaximumLength == 4);
  RtlFreeUnicodeString(&made);
  MICA_CHECK(RtlUnicodeStringToOemString(&bytes, &text, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(bytes.Length == 2 && bytes.MaximumLength == 3);
  MICA_CHECK(std::memcmp(bytes.Buffer, "a\x94", 3) == 0);
  RtlFreeOemString(&bytes);
  MICA_CHECK(bytes.Buffer == nullptr);
  MICA_CHECK(RtlUnicodeStringToCountedOemString(&bytes, &text, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(bytes.Length == 2 && bytes.MaximumLength == 2);
  RtlFreeOemString(&bytes);
  MICA_CHECK(RtlUpcaseUnicodeStringToOemString(&bytes, &text, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(std::memcmp(bytes.Buffer, "A\x99", 3) == 0);
  RtlFreeOemString(&bytes);
  MICA_CHECK(RtlUpcaseUnicodeStringToCountedOemString(&bytes, &text, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(bytes.MaximumLength == 2 && std::memcmp(bytes.Buffer, "A\x99", 2) == 0);
  RtlFreeOemString(&bytes);
}

MICA_CASE("Rtl: OEM strings that do not fit are refused, of nothing comes nothing") {
  STRING oem = narrow("ab"), empty{};
  UNICODE_STRING text = wide(u"ab"), none{};
  WCHAR room[3] = {9, 9, 9};
  CHAR small[2] = {9, 9};
  UNICODE_STRING to{0, 5, room};
  STRING bytes{0, 2, small};
  MICA_CHECK(RtlOemStringToUnicodeString(&to, &oem, FALSE) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(room[0] == 9);
  MICA_CHECK(RtlOemStringToCountedUnicodeString(&to, &oem, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(to.Length == 4 && room[1] == u'b' && room[2] == 9);
  MICA_CHECK(RtlUnicodeStringToOemString(&bytes, &text, FALSE) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(RtlUnicodeStringToCountedOemString(&bytes, &text, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(bytes.Length == 2 && small[1] == 'b');
  MICA_CHECK(RtlUpcaseUnicodeStringToCountedOemString(&bytes, &none, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(bytes.Buffer == nullptr && bytes.Length == 0);
  RtlFreeOemString(&bytes);
  MICA_CHECK(RtlOemStringToCountedUnicodeString(&to, &empty, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(to.Buffer == nullptr);
  STRING const large{40'000, 40'000, nullptr};
  MICA_CHECK(RtlOemStringToUnicodeString(&to, &large, TRUE) == STATUS_INVALID_PARAMETER_2);
}

MICA_CASE("Rtl: a string is made of lower case, in place or in a buffer of its own") {
  UNICODE_STRING const source = wide(u"A\u00D6z");
  UNICODE_STRING made{};
  MICA_CHECK(RtlDowncaseUnicodeString(&made, &source, TRUE) == STATUS_SUCCESS);
  MICA_CHECK(made.Length == 6 && std::memcmp(made.Buffer, u"a\u00F6z", 6) == 0);
  RtlFreeUnicodeString(&made);
  WCHAR text[] = u"QR";
  UNICODE_STRING same{4, 4, text}, small{0, 3, text};
  MICA_CHECK(RtlDowncaseUnicodeString(&same, &same, FALSE) == STATUS_SUCCESS);
  MICA_CHECK(text[0] == u'q' && text[1] == u'r');
  MICA_CHECK(RtlDowncaseUnicodeString(&small, &same, FALSE) == STATUS_BUFFER_OVERFLOW);
}

MICA_CASE("Rtl: identifiers become text and come back") {
  GUID const guid{0x00112233, 0x4455, 0x6677, {0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}};
  UNICODE_STRING text{};
  constexpr WCHAR expected[] = u"{00112233-4455-6677-8899-AABBCCDDEEFF}";
  MICA_REQUIRE(RtlStringFromGUID(&guid, &text) == STATUS_SUCCESS);
  MICA_CHECK(text.Length == sizeof expected - 2 && text.MaximumLength == sizeof expected);
  MICA_CHECK(std::memcmp(text.Buffer, expected, sizeof expected) == 0);
  GUID back{};
  text.Buffer[30] = u'c';  // either case
  MICA_CHECK(RtlGUIDFromString(&text, &back) == STATUS_SUCCESS);
  MICA_CHECK(std::memcmp(&back, &guid, sizeof guid) == 0);
  text.Buffer[9] = u'0';
  MICA_CHECK(RtlGUIDFromString(&text, &back) == STATUS_INVALID_PARAMETER);
  text.Buffer[9] = u'-';
  text.Buffer[1] = u'g';
  MICA_CHECK(RtlGUIDFromString(&text, &back) == STATUS_INVALID_PARAMETER);
  text.Length -= 2;
  MICA_CHECK(RtlGUIDFromString(&text, &back) == STATUS_INVALID_PARAMETER);
  RtlFreeUnicodeString(&text);
}
