// Text for the debugger's console from where nothing else may be used: no lock, no allocation, any
// IRQL.
#pragma once

#include <machine.hpp>

namespace mica::ke {

// A line in the making; what does not fit is left out.
class Line {
 public:
  Line& text(char const* text) noexcept {
    for (; *text != 0; ++text) put(*text);
    return *this;
  }
  Line& decimal(std::uint64_t value) noexcept {
    char digits[20];
    unsigned count = 0;
    do digits[count++] = static_cast<char>('0' + value % 10);
    while ((value /= 10) != 0);
    while (count > 0) put(digits[--count]);
    return *this;
  }
  // 0x and at least `digits` digits.
  Line& hex(std::uint64_t value, unsigned digits) noexcept {
    text("0x");
    for (unsigned left = 16; left-- > 0;) {
      auto const digit = static_cast<unsigned>(value >> (left * 4)) & 15;
      if (left < digits || value >> (left * 4) != 0) put("0123456789ABCDEF"[digit]);
    }
    return *this;
  }
  void print() noexcept {
    buffer_[length_++] = '\n';
    Machine::debug_output(buffer_, length_);
    length_ = 0;
  }

 private:
  static constexpr std::size_t capacity = 240;

  void put(char character) noexcept {
    if (length_ < capacity) buffer_[length_++] = character;
  }

  std::size_t length_ = 0;
  char buffer_[capacity + 1];
};

}  // namespace mica::ke
