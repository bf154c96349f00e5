// Code page 1252: Latin-1 but for 80 to 9F.                [Unicode "cp1252 to Unicode table"]
#include "rtl/ansi.hpp"

#include "rtl/characters.hpp"

#include <algorithm>
#include <iterator>

namespace mica::rtl {
namespace {

constexpr UCHAR first_special = 0x80;
// Five positions without a character keep the control of the same code.
constexpr WCHAR special[32] = {
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

[[nodiscard]] constexpr bool is_special(unsigned code) noexcept {
  return code - first_special < std::size(special);
}

}  // namespace

WCHAR NTAPI unicode_of(CHAR character) noexcept {
  auto const code = static_cast<UCHAR>(character);
  return is_special(code) ? special[code - first_special] : code;
}

CHAR NTAPI ansi_of(WCHAR character) noexcept {
  if (character <= 0xFF && !is_special(character)) return static_cast<CHAR>(character);
  auto const* const found = std::find(std::begin(special), std::end(special), character);
  if (found == std::end(special)) return '?';
  return static_cast<CHAR>(first_special + (found - std::begin(special)));
}

}  // namespace mica::rtl

using namespace mica::rtl;

// Where the code page lacks the upper case, the character stays.
CHAR NTAPI RtlUpperChar(CHAR Character) {
  WCHAR const upper = RtlUpcaseUnicodeChar(unicode_of(Character));
  CHAR const result = ansi_of(upper);
  return unicode_of(result) == upper ? result : Character;
}

VOID NTAPI RtlUpperString(PSTRING DestinationString, STRING const* SourceString) {
  USHORT const length = std::min(SourceString->Length, DestinationString->MaximumLength);
  for (USHORT at = 0; at < length; ++at) {
    DestinationString->Buffer[at] = RtlUpperChar(SourceString->Buffer[at]);
  }
  DestinationString->Length = length;
}

ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString) {
  return UnicodeString->Length / sizeof(WCHAR) + sizeof(CHAR);
}

ULONG NTAPI RtlxAnsiStringToUnicodeSize(STRING const* AnsiString) {
  return (AnsiString->Length + 1u) * sizeof(WCHAR);
}
