// Comparing and hashing counted strings.
#include "rtl/characters.hpp"

#include <algorithm>

namespace mica::rtl {
namespace {

// The whole range of a character as a number without sign, so that differences order.
[[nodiscard]] LONG folded(WCHAR character, bool fold) noexcept {
  return fold ? RtlUpcaseUnicodeChar(character) : character;
}
[[nodiscard]] LONG folded(CHAR character, bool fold) noexcept {
  return static_cast<UCHAR>(fold ? RtlUpperChar(character) : character);
}

template <class Character>
[[nodiscard]] LONG NTAPI compare(std::span<Character const> left, std::span<Character const> right,
                                 bool fold) noexcept {
  std::size_t const common = std::min(left.size(), right.size());
  for (std::size_t at = 0; at < common; ++at) {
    if (left[at] == right[at]) continue;
    LONG const difference = folded(left[at], fold) - folded(right[at], fold);
    if (difference != 0) return difference;
  }
  return static_cast<LONG>(left.size()) - static_cast<LONG>(right.size());
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                   BOOLEAN CaseInSensitive) {
  return compare(characters(*String1), characters(*String2), CaseInSensitive != FALSE);
}

LONG NTAPI RtlCompareString(STRING const* String1, STRING const* String2, BOOLEAN CaseInSensitive) {
  return compare(characters(*String1), characters(*String2), CaseInSensitive != FALSE);
}

BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                    BOOLEAN CaseInSensitive) {
  return String1->Length == String2->Length &&
         RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlEqualString(STRING const* String1, STRING const* String2,
                             BOOLEAN CaseInSensitive) {
  return String1->Length == String2->Length &&
         RtlCompareString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                     BOOLEAN CaseInSensitive) {
  auto const prefix = characters(*String1);
  auto const whole = characters(*String2);
  if (prefix.size() > whole.size()) return FALSE;
  return compare(prefix, whole.first(prefix.size()), CaseInSensitive != FALSE) == 0;
}

NTSTATUS NTAPI RtlHashUnicodeString(UNICODE_STRING const* String, BOOLEAN CaseInSensitive,
                                    ULONG HashAlgorithm, PULONG HashValue) {
  constexpr ULONG multiplier = 65599;
  if (String == nullptr || HashValue == nullptr) return STATUS_INVALID_PARAMETER;
  if (HashAlgorithm > HASH_STRING_ALGORITHM_X65599) return STATUS_INVALID_PARAMETER;
  ULONG hash = 0;
  for (WCHAR const character : characters(*String)) {
    hash = hash * multiplier + static_cast<ULONG>(folded(character, CaseInSensitive != FALSE));
  }
  *HashValue = hash;
  return STATUS_SUCCESS;
}
