// NT's printf formats, written into memory of the caller: no state, no allocation, any IRQL.
//
//   %[flags][width][.precision][size]type       [MSDN "Format specification syntax"]
//   flags   - + space # 0          width and precision: digits or *
//   size    h l ll w I32 I64 I
//   type    d i u o x X p          numbers; p is 16 upper-case digits
//           c C s S                characters and strings; l and w: wide, h: narrow; else small
//                                  letters are as wide as the format, capitals the other
//           Z                      PANSI_STRING, with w PUNICODE_STRING
//           %                      itself
// A null string shows as (null). A type that is none of these shows as itself: so do the floating
// ones.
// Wide characters become code page 1252 in narrow text, '?' where it lacks them; narrow ones in
// wide text are of that code page.
#pragma once

#include <nt/ntdef.h>

#include <cstddef>

namespace mica::rtl {

// Text in the making: what does not fit is left out, and counted.
template <class Character>
class BasicText {
 public:
  BasicText(Character* buffer, std::size_t capacity) noexcept
      : buffer_{buffer}, capacity_{capacity} {}

  void put(Character character) noexcept {
    if (length_ < capacity_) buffer_[length_] = character;
    ++length_;
  }
  void put(Character character, std::size_t times) noexcept {
    while (times-- > 0) put(character);
  }

  // What all would have taken.
  [[nodiscard]] std::size_t length() const noexcept { return length_; }
  // What is in the buffer.
  [[nodiscard]] std::size_t stored() const noexcept {
    return length_ < capacity_ ? length_ : capacity_;
  }

 private:
  Character* buffer_;
  std::size_t capacity_;
  std::size_t length_ = 0;
};

using Text = BasicText<CHAR>;
using WideText = BasicText<WCHAR>;

// Append to `text`; no terminating null.
void NTAPI format(Text& text, PCSTR format, MS_VA_LIST arguments) noexcept;
void NTAPI format(WideText& text, PCWSTR format, MS_VA_LIST arguments) noexcept;

}  // namespace mica::rtl
