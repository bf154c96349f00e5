// Formats: properties against the C library's where the two agree, and NT's own by example.
#include "rtl/format.hpp"

#include <rapidcheck.h>

#include <cstdio>
#include <string>

#include "catch.hpp"

namespace {

std::string NTAPI shown(char const* format, ...) {
  char buffer[512];
  mica::rtl::Text text{buffer, sizeof buffer};
  MS_VA_LIST arguments;
  MS_VA_START(arguments, format);
  mica::rtl::format(text, format, arguments);
  MS_VA_END(arguments);
  return {buffer, text.stored()};
}

template <class... Arguments>
std::string reference(std::string const& format, Arguments... arguments) {
  char buffer[512];
  int const length = std::snprintf(buffer, sizeof buffer, format.c_str(), arguments...);
  return {buffer, static_cast<std::size_t>(length)};
}

// A specification up to its size: flags, width, precision.
std::string prefix(std::string const& flags) {
  std::string result = "%";
  for (char const flag : flags) {
    if (*rc::gen::arbitrary<bool>()) result += flag;
  }
  if (*rc::gen::arbitrary<bool>()) result += std::to_string(*rc::gen::inRange(1, 30));
  if (*rc::gen::arbitrary<bool>())
    result += std::string{"."} + std::to_string(*rc::gen::inRange(0, 30));
  return result;
}

LONGLONG value() {
  LONGLONG const any = *rc::gen::arbitrary<LONGLONG>();
  return *rc::gen::element<LONGLONG>(0, 1, -1, any, any >> 40, any << 33);
}

template <class Wanted>
void compare(std::string const& prefix, char const* size, char type) {
  auto const argument = static_cast<Wanted>(value());
  std::string const ours = prefix + size + type;
  std::string const theirs = prefix + (sizeof(Wanted) == 8 ? "ll" : "") + type;
  RC_LOG() << ours << " of " << argument << '\n';
  RC_ASSERT(shown(ours.c_str(), argument) == reference(theirs, argument));
}

}  // namespace

TEST_CASE("Rtl: signed numbers are formatted as the C library does") {
  CHECK(rc::check([] { compare<LONG>(prefix("-+ 0"), "", *rc::gen::element('d', 'i')); }));
  CHECK(rc::check([] { compare<LONG>(prefix("-+ 0"), "l", 'd'); }));
  CHECK(rc::check([] { compare<LONGLONG>(prefix("-+ 0"), "I64", 'd'); }));
  CHECK(rc::check([] { compare<LONGLONG>(prefix("-+ 0"), "ll", 'i'); }));
}

TEST_CASE("Rtl: unsigned numbers are formatted as the C library does") {
  CHECK(rc::check([] { compare<ULONG>(prefix("-#0"), "", *rc::gen::element('x', 'X', 'o')); }));
  CHECK(rc::check([] { compare<ULONG>(prefix("-0"), "I32", 'u'); }));
  CHECK(rc::check([] { compare<ULONGLONG>(prefix("-#0"), "I64", *rc::gen::element('x', 'o')); }));
  CHECK(rc::check([] { compare<ULONGLONG>(prefix("-0"), "I", 'u'); }));
}

TEST_CASE("Rtl: strings are formatted as the C library does") {
  CHECK(rc::check([] {
    auto const text = *rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
    std::string const format = std::string{"<"} + prefix("-") + "s>";
    RC_ASSERT(shown(format.c_str(), text.c_str()) == reference(format, text.c_str()));
  }));
}

TEST_CASE("Rtl: width and precision may be arguments") {
  CHECK(shown("<%*d>", 5, 42) == "<   42>");
  CHECK(shown("<%*d>", -5, 42) == "<42   >");
  CHECK(shown("<%.*s>", 2, "abc") == "<ab>");
  CHECK(shown("<%.*s>", -1, "abc") == "<abc>");
  CHECK(shown("<%-*.*x>", 6, 3, 10) == "<00a   >");
}

TEST_CASE("Rtl: NT's own formats") {
  UNICODE_STRING wide{6, 6, const_cast<PWSTR>(u"abc and more")};
  STRING narrow{2, 2, const_cast<PSTR>("xyz")};
  UNICODE_STRING const none{};
  CHECK(shown("%wZ|%Z", &wide, &narrow) == "abc|xy");
  CHECK(shown("%5wZ|%-4Z|%.1wZ", &wide, &narrow, &wide) == "  abc|xy  |a");
  CHECK(shown("%wZ %wZ %Z", nullptr, &none, nullptr) == "(null) (null) (null)");
  CHECK(shown("%ws %ls %S %s", u"a\u20AC", u"b", u"c\u4E00", "d") == "a\x80 b c? d");
  CHECK(shown("%hs %hS %s %S", "e", "f", nullptr, nullptr) == "e f (null) (null)");
  CHECK(shown("%c%C%wc%lc%hc%hC", 'a', u'\u20AC', u'\u0152', u'd', 'e', 'f') ==
        "a\x80\x8C"
        "def");
  STRING const empty{};
  CHECK(shown("%Z|%.0Z|%.1Z", &empty, &narrow, &narrow) == "(null)||x");
  CHECK(shown("<%05s|%-05s>", "ab", "ab") == "<000ab|ab   >");
  CHECK(shown("%p", reinterpret_cast<void*>(0xFFFF8000ABCDEF12)) == "FFFF8000ABCDEF12");
  CHECK(shown("<%20p>", nullptr) == "<    0000000000000000>");
  CHECK(shown("%hd %hu %hx", 0x18000, 0x1FFFF, -1) == "-32768 65535 ffff");
  CHECK(shown("%I32d %hlx", -1, 0x12345678) == "-1 12345678");  // of two sizes the last counts
  CHECK(shown("%I64x %llx %Ix", ~0ull, 1ull << 32, 1ull << 63) ==
        "ffffffffffffffff 100000000 8000000000000000");
}

TEST_CASE("Rtl: what is no format shows as itself") {
  CHECK(shown("100%% %y %f %") == "100% y f ");
  CHECK(shown("%I6x|%I74|%I3x|%I72") == "6x|74|3x|72");  // sizes that are none
  CHECK(shown("%5") == "");
  CHECK(shown("") == "");
}

TEST_CASE("Rtl: what does not fit is left out and counted") {
  char buffer[4] = {'~', '~', '~', '~'};
  mica::rtl::Text text{buffer, 3};
  for (char const character : std::string{"abcdef"}) text.put(character);
  CHECK(text.length() == 6);
  CHECK(text.stored() == 3);
  CHECK(std::string(buffer, 4) == "abc~");
}
