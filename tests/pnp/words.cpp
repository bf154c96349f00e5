// The words of a description's line: where they end, which are numbers, and which are names.
#include "pnp/words.hpp"

#include <string>

#include "catch.hpp"

using namespace mica::pnp;

namespace {

// The number that a word is, or `none`.
constexpr std::uint64_t none = 0xDEAD'BEEF'DEAD'BEEF;

std::uint64_t number_of(std::string_view word) {
  std::uint64_t number = 0;
  return number_in(word, ~std::uint64_t{0}, number) ? number : none;
}

}  // namespace

TEST_CASE("pnp: words end where their line does", "[pnp]") {
  Words spaces{part("a   b", 0, 2)};
  CHECK(spaces.next() == "a");
  CHECK(spaces.at_end());
  CHECK(spaces.next().data() == nullptr);
  CHECK(spaces.column() == 3);
  Words behind{part("a b", 0, 1)};
  CHECK(behind.next() == "a");
  CHECK(behind.at_end());
  Words open{"\"no end"};
  CHECK(open.next().data() == nullptr);
  CHECK(open.column() == 1);
}

TEST_CASE("pnp: numbers are of decimal digits, or of hexadecimal ones behind 0x", "[pnp]") {
  CHECK(number_of("0") == 0);
  CHECK(number_of("010") == 10);
  CHECK(number_of("0123456789") == 123456789);
  CHECK(number_of("0xabcdef") == 0xABCDEF);
  CHECK(number_of("0XABCDEF") == 0xABCDEF);
  CHECK(number_of("0x0123456789") == 0x123456789);
  for (char const* const wrong : {"", "0x", "0X", "1a", "1A", "1x2", "0xg", "0xG", "0x/", "0x:",
                                  "0x@", "0x`", "1/", "1:", "1@"}) {
    CAPTURE(wrong);
    CHECK(number_of(wrong) == none);
  }
}

TEST_CASE("pnp: names are of letters, digits, '_' and '-'", "[pnp]") {
  for (char const* const right : {"a", "z", "A", "Z", "0", "9", "_", "-", "azAZ09_-"}) {
    CAPTURE(right);
    CHECK(is_name(right));
  }
  for (char const* const wrong : {"", "`", "{", "@", "[", "/", ":", "a b", "\x80"}) {
    CAPTURE(wrong);
    CHECK_FALSE(is_name(wrong));
  }
  CHECK(is_name(std::string(64, 'n')));
  CHECK_FALSE(is_name(std::string(65, 'n')));
}
