// Characters as in the "C" locale, wide ones as everywhere here; numbers in text.
#include <nt/rtl/string.h>

#include "rtl/runtime/runtime.hpp"

namespace mica::rtl {
namespace {

[[nodiscard]] bool is_between(int character, int first, int last) noexcept {
  return character >= first && character <= last;
}

// Wraps as the processor does; what no 32 bits hold is undefined.
template <class Character>
[[nodiscard]] LONG number_in(Character const* text) noexcept {
  while (*text == ' ' || is_between(static_cast<int>(*text), '\t', '\r')) ++text;
  bool const negative = *text == '-';
  if (negative || *text == '+') ++text;
  ULONG value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + static_cast<ULONG>(*text - '0');
  return static_cast<LONG>(negative ? 0 - value : value);
}

}  // namespace
}  // namespace mica::rtl

using namespace mica::rtl;

int NTAPI MicaRuntime_isdigit(int character) {
  return is_between(character, '0', '9');
}
int NTAPI MicaRuntime_isxdigit(int character) {
  return is_between(character, '0', '9') || is_between(character | 0x20, 'a', 'f');
}
int NTAPI MicaRuntime_islower(int character) {
  return is_between(character, 'a', 'z');
}
int NTAPI MicaRuntime_isupper(int character) {
  return is_between(character, 'A', 'Z');
}
int NTAPI MicaRuntime_isspace(int character) {
  return character == ' ' || is_between(character, '\t', '\r');
}
int NTAPI MicaRuntime_isprint(int character) {
  return is_between(character, ' ', '~');
}
int NTAPI MicaRuntime_tolower(int character) {
  return is_between(character, 'A', 'Z') ? character + 0x20 : character;
}
int NTAPI MicaRuntime_toupper(int character) {
  return is_between(character, 'a', 'z') ? character - 0x20 : character;
}
WCHAR NTAPI MicaRuntime_towlower(WCHAR character) {
  return RtlDowncaseUnicodeChar(character);
}
WCHAR NTAPI MicaRuntime_towupper(WCHAR character) {
  return RtlUpcaseUnicodeChar(character);
}

int NTAPI MicaRuntime_atoi(CHAR const* text) {
  return number_in(text);
}
LONG NTAPI MicaRuntime_atol(CHAR const* text) {
  return number_in(text);
}
int NTAPI MicaRuntime__wtoi(WCHAR const* text) {
  return number_in(text);
}
LONG NTAPI MicaRuntime__wtol(WCHAR const* text) {
  return number_in(text);
}
