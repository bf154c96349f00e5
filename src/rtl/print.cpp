// _vsnprintf and _vsnwprintf.
#include <nt/rtl/print.h>

#include "rtl/format.hpp"

namespace mica::rtl {
namespace {

template <class Character>
[[nodiscard]] int print(Character* buffer, SIZE_T count, Character const* with,
                        MS_VA_LIST arguments) noexcept {
  BasicText<Character> text{buffer, count};
  format(text, with, arguments);
  if (text.length() < count) buffer[text.length()] = 0;
  bool const measured = buffer == nullptr && count == 0;
  return text.length() <= count || measured ? static_cast<int>(text.length()) : -1;
}

}  // namespace
}  // namespace mica::rtl

int NTAPI _vsnprintf(PSTR Buffer, SIZE_T Count, PCSTR Format, MS_VA_LIST Arguments) {
  return mica::rtl::print(Buffer, Count, Format, Arguments);
}

int NTAPI _vsnwprintf(PWSTR Buffer, SIZE_T Count, PCWSTR Format, MS_VA_LIST Arguments) {
  return mica::rtl::print(Buffer, Count, Format, Arguments);
}
