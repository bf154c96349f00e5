// Safe strings, which are inline, and the formatting that ntoskrnl exports for them.
#include <nt/ntstrsafe.h>
#include <nt/rtl.h>
#include <mica/test.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace {

using namespace std::string_view_literals;

// Whether the buffer has the text, its terminating null, and behind it what was there before.
template <class Character, std::size_t N>
[[nodiscard]] bool has(Character const (&buffer)[N], std::basic_string_view<Character> text,
                       Character behind) noexcept {
  return std::equal(text.begin(), text.end(), buffer) && buffer[text.size()] == 0 &&
         std::all_of(buffer + text.size() + 1, std::end(buffer),
                     [&](Character character) { return character == behind; });
}

int NTAPI print(CHAR* buffer, SIZE_T count, PCSTR format, ...) noexcept {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, format);
  int const result = _vsnprintf(buffer, count, format, arguments);
  MS_VA_END(arguments);
  return result;
}

int NTAPI print(WCHAR* buffer, SIZE_T count, PCWSTR format, ...) noexcept {
  MS_VA_LIST arguments;
  MS_VA_START(arguments, format);
  int const result = _vsnwprintf(buffer, count, format, arguments);
  MS_VA_END(arguments);
  return result;
}

}  // namespace

MICA_CASE("Rtl: _vsnprintf says how much there is, and terminates where there is room") {
  CHAR buffer[5] = {'#', '#', '#', '#', '#'};
  MICA_CHECK((print(buffer, 4, "%d", 123) == 3 && has(buffer, "123"sv, '#')));
  MICA_CHECK((print(buffer, 4, "%x", 0xabcd) == 4 && std::string_view(buffer, 5) == "abcd#"));
  MICA_CHECK((print(buffer, 4, "%s", "uvwxy") == -1 && std::string_view(buffer, 5) == "uvwx#"));
  MICA_CHECK(print(static_cast<CHAR*>(nullptr), 0, "%08x", 1) == 8);
}

MICA_CASE("Rtl: _vsnwprintf writes wide text, with strings of both kinds") {
  WCHAR buffer[24];
  MICA_CHECK(print(buffer, 24, u"%s|%S|%hs|%ws|%c|%C", u"w\u4e00", "n\x80", "h", u"x", u'y', 'z') ==
             13);
  MICA_CHECK(std::u16string_view(buffer, 14) == u"w\u4e00|n\u20ac|h|x|y|z\0"sv);
  MICA_CHECK((print(buffer, 24, u"%-4d|%04x|%I64u", -7, 0x2a, 1ULL << 40) == 23 &&
              std::u16string_view(buffer, 23) == u"-7  |002a|1099511627776"));
  UNICODE_STRING counted{};
  RtlInitUnicodeString(&counted, u"counted");
  MICA_CHECK((print(buffer, 24, u"%wZ", &counted) == 7 && buffer[6] == u'd' && buffer[7] == 0));
  MICA_CHECK((print(buffer, 3, u"%u", 12345u) == -1 && buffer[2] == u'3' && buffer[3] == u'n'));
}

MICA_CASE("Rtl: safe strings copy and append what fits, and terminate it") {
  CHAR buffer[6] = {'#', '#', '#', '#', '#', '#'};
  MICA_CHECK((RtlStringCchCopyA(buffer, 6, "ab") == STATUS_SUCCESS && has(buffer, "ab"sv, '#')));
  MICA_CHECK((RtlStringCbCatA(buffer, 6, "c") == STATUS_SUCCESS && has(buffer, "abc"sv, '#')));
  MICA_CHECK(
      (RtlStringCchCatNA(buffer, 6, "dxx", 1) == STATUS_SUCCESS && has(buffer, "abcd"sv, '#')));
  MICA_CHECK((RtlStringCchCatA(buffer, 6, "efg") == STATUS_BUFFER_OVERFLOW &&
              has(buffer, "abcde"sv, '#')));
  MICA_CHECK(RtlStringCchCopyNA(buffer, 6, "xyz", 0) == STATUS_SUCCESS && buffer[0] == 0);
  WCHAR wide[4] = {u'#', u'#', u'#', u'#'};
  MICA_CHECK(
      (RtlStringCbCopyW(wide, 7, u"abcd") == STATUS_BUFFER_OVERFLOW && has(wide, u"ab"sv, u'#')));
  MICA_CHECK(
      (RtlStringCbCopyNW(wide, 8, u"xyz", 5) == STATUS_SUCCESS && wide[1] == u'y' && wide[2] == 0));
}

MICA_CASE("Rtl: safe strings refuse sizes, pointers and buffers that cannot be") {
  CHAR buffer[2] = {'#', '#'};
  MICA_CHECK(RtlStringCchCopyA(buffer, 0, "") == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlStringCchCopyA(buffer, SIZE_T{1} << 31, "") == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlStringCchCopyA(nullptr, 2, "") == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlStringCchCopyA(buffer, 2, nullptr) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlStringCchCatA(buffer, 2, "") == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlStringCchPrintfA(buffer, 0, "x") == STATUS_INVALID_PARAMETER);
  MICA_CHECK((buffer[0] == '#' && buffer[1] == '#'));
  SIZE_T length = 7;
  MICA_CHECK((RtlStringCchLengthA(buffer, 2, &length) == STATUS_INVALID_PARAMETER && length == 0));
  MICA_CHECK((RtlStringCbLengthW(u"abc", 8, &length) == STATUS_SUCCESS && length == 6));
  MICA_CHECK(RtlStringCbLengthW(u"abc", 6, nullptr) == STATUS_INVALID_PARAMETER);
}

MICA_CASE("Rtl: safe strings say where they end, and fill as their flags say") {
  CHAR buffer[6];
  CHAR* end = nullptr;
  SIZE_T left = 0;
  auto copy = [&](PCSTR text, ULONG flags) {
    std::fill(std::begin(buffer), std::end(buffer), '#');
    return RtlStringCchCopyExA(buffer, 6, text, &end, &left, flags);
  };
  MICA_CHECK((copy("ab", 0) == STATUS_SUCCESS && end == buffer + 2 && left == 4));
  MICA_CHECK((copy("ab", STRSAFE_FILL_BYTE('-')) == STATUS_SUCCESS && has(buffer, "ab"sv, '-')));
  MICA_CHECK((copy("abcdefg", STRSAFE_FILL_BYTE('-')) == STATUS_BUFFER_OVERFLOW &&
              has(buffer, "abcde"sv, '#') && end == buffer + 5 && left == 1));
  MICA_CHECK((copy("abcdefg", STRSAFE_FAILURE_BYTE('-')) == STATUS_BUFFER_OVERFLOW &&
              has(buffer, "-----"sv, '#')));
  MICA_CHECK((copy("abcdefg", STRSAFE_NULL_ON_FAILURE) == STATUS_BUFFER_OVERFLOW &&
              buffer[0] == 0 && end == buffer && left == 6));
  MICA_CHECK((copy("abcdefg", STRSAFE_NO_TRUNCATION) == STATUS_BUFFER_OVERFLOW &&
              std::count(buffer, buffer + 6, '#') == 6));
  MICA_CHECK(copy("a", 0x2000) == STATUS_INVALID_PARAMETER);
  MICA_CHECK((copy(nullptr, STRSAFE_IGNORE_NULLS) == STATUS_SUCCESS && buffer[0] == 0));
  MICA_CHECK(RtlStringCchCopyExA(nullptr, 0, "", nullptr, nullptr, STRSAFE_IGNORE_NULLS) ==
             STATUS_SUCCESS);
  MICA_CHECK(RtlStringCchCopyExA(nullptr, 0, "a", nullptr, nullptr, STRSAFE_IGNORE_NULLS) ==
             STATUS_INVALID_PARAMETER);
  WCHAR wide[4];
  MICA_CHECK((RtlStringCbCopyExW(wide, 8, u"a", nullptr, &left, 0) == STATUS_SUCCESS && left == 6));
}

MICA_CASE("Rtl: safe strings format what fits, and terminate it") {
  CHAR buffer[5] = {'#', '#', '#', '#', '#'};
  MICA_CHECK(
      (RtlStringCchPrintfA(buffer, 5, "%d", 12) == STATUS_SUCCESS && has(buffer, "12"sv, '#')));
  MICA_CHECK((RtlStringCbPrintfA(buffer, 4, "%d", 12345) == STATUS_BUFFER_OVERFLOW &&
              has(buffer, "123"sv, '#')));
  MICA_CHECK(
      (RtlStringCbPrintfA(buffer, 4, "%d", 678) == STATUS_SUCCESS && has(buffer, "678"sv, '#')));
  WCHAR wide[8];
  MICA_CHECK((RtlStringCbPrintfW(wide, sizeof wide, u"%s%02u", u"dev", 7u) == STATUS_SUCCESS &&
              std::u16string_view(wide, 6) == u"dev07\0"sv));
}

MICA_CASE("Rtl: safe strings in UNICODE_STRINGs use all of the room, without a terminating null") {
  WCHAR room[5] = {u'#', u'#', u'#', u'#', u'#'};
  UNICODE_STRING text{0, 8, room}, more{};
  MICA_CHECK(RtlUnicodeStringInit(&more, u"cdef") == STATUS_SUCCESS && more.MaximumLength == 10);
  MICA_CHECK(RtlUnicodeStringCopyString(&text, u"ab") == STATUS_SUCCESS && text.Length == 4);
  MICA_CHECK(RtlUnicodeStringCat(&text, &more) == STATUS_BUFFER_OVERFLOW && text.Length == 8);
  MICA_CHECK(std::u16string_view(room, 5) == u"abcd#");
  MICA_CHECK(RtlUnicodeStringCatString(&text, u"x") == STATUS_INVALID_PARAMETER);  // it is full
  MICA_CHECK(RtlUnicodeStringCatString(&text, u"") == STATUS_SUCCESS);
  MICA_CHECK(RtlUnicodeStringCopy(&text, &more) == STATUS_SUCCESS && room[3] == u'f');
  MICA_CHECK(RtlUnicodeStringPrintf(&text, u"%d", 12) == STATUS_SUCCESS && text.Length == 4);
  MICA_CHECK(RtlUnicodeStringPrintf(&text, u"%d", 12345) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK((text.Length == 8 && std::u16string_view(room, 5) == u"1234#"));
  WCHAR copy[4];
  MICA_CHECK(RtlStringCchCopyUnicodeString(copy, 4, &text) == STATUS_BUFFER_OVERFLOW);
  MICA_CHECK(std::u16string_view(copy, 4) == u"123\0"sv);
  text.Length = 10;  // beyond its MaximumLength
  MICA_CHECK(RtlUnicodeStringValidate(&text) == STATUS_INVALID_PARAMETER);
  MICA_CHECK(RtlUnicodeStringCopyString(&text, u"a") == STATUS_INVALID_PARAMETER);
}
