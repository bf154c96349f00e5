// Numbers as text and back.
#include "rtl/characters.hpp"

#include <iterator>

namespace mica::rtl {
namespace {

[[nodiscard]] bool is_base(ULONG base) noexcept {
  return base == 2 || base == 8 || base == 10 || base == 16;
}

// Above every base if it is no digit at all.
[[nodiscard]] ULONG digit_of(WCHAR character) noexcept {
  if (character >= u'0' && character <= u'9') return character - u'0';
  if (character >= u'a' && character <= u'f') return character - u'a' + 10u;
  if (character >= u'A' && character <= u'F') return character - u'A' + 10u;
  return MAXULONG;
}

// Takes the prefix, if there is one, off the text.
[[nodiscard]] ULONG base_of_prefix(std::span<WCHAR const>& text) noexcept {
  if (text.size() < 2 || text[0] != u'0') return 10;
  ULONG base = 10;
  if (text[1] == u'x') base = 16;
  if (text[1] == u'o') base = 8;
  if (text[1] == u'b') base = 2;
  if (base != 10) text = text.subspan(2);
  return base;
}

[[nodiscard]] NTSTATUS NTAPI write(ULONGLONG value, ULONG base, UNICODE_STRING& string) noexcept {
  if (base == 0) base = 10;
  if (!is_base(base)) return STATUS_INVALID_PARAMETER;
  WCHAR digits[64];
  WCHAR* first = std::end(digits);
  do *--first = u"0123456789ABCDEF"[value % base];
  while ((value /= base) != 0);
  auto const bytes = static_cast<std::size_t>(std::end(digits) - first) * sizeof(WCHAR);
  if (bytes + sizeof(WCHAR) > string.MaximumLength) return STATUS_BUFFER_OVERFLOW;
  __builtin_memcpy(string.Buffer, first, bytes);
  string.Length = static_cast<USHORT>(bytes);
  terminate(string);
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value) {
  auto text = characters(*String);
  if (text.empty() || (Base != 0 && !is_base(Base))) return STATUS_INVALID_PARAMETER;
  while (!text.empty() && text.front() <= u' ') text = text.subspan(1);
  bool const negative = !text.empty() && text.front() == u'-';
  if (negative || (!text.empty() && text.front() == u'+')) text = text.subspan(1);
  ULONG const base = Base != 0 ? Base : base_of_prefix(text);
  ULONG value = 0;
  for (WCHAR const character : text) {
    ULONG const digit = digit_of(character);
    if (digit >= base) break;
    value = value * base + digit;
  }
  *Value = negative ? 0 - value : value;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String) {
  return write(Value, Base, *String);
}

NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String) {
  return write(Value, Base, *String);
}
