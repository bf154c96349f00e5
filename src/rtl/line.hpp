// A line of text for the debugger's console, written whole when it ends, so lines of several
// processors do not mix. No lock, no allocation, any IRQL, whatever else is broken.
#pragma once

#include <machine.hpp>

#include <string_view>

namespace mica::rtl {

// 0x and at least `digits` digits.
struct Hex {
  std::uint64_t value;
  unsigned digits = 1;
};

// What does not fit is left out.
class Line {
 public:
  Line() = default;
  Line(Line const&) = delete;
  Line& operator=(Line const&) = delete;
  ~Line() {
    text_[length_++] = '\n';
    Machine::debug_output(text_, length_);
  }

  Line& operator<<(std::string_view text) noexcept {
    for (char const character : text) put(character);
    return *this;
  }
  Line& operator<<(std::uint64_t number) noexcept {
    char digits[20];
    unsigned count = 0;
    do digits[count++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    while (count > 0) put(digits[--count]);
    return *this;
  }
  Line& operator<<(Hex number) noexcept {
    *this << "0x";
    for (unsigned left = 16; left-- > 0;)
      if (left < number.digits || number.value >> (left * 4) != 0)
        put("0123456789ABCDEF"[number.value >> (left * 4) & 15]);
    return *this;
  }

 private:
  static constexpr std::size_t capacity = 511;

  void put(char character) noexcept {
    if (length_ < capacity) text_[length_++] = character;
  }

  std::size_t length_ = 0;
  char text_[capacity + 1];
};

}  // namespace mica::rtl
