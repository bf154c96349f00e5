// Lines of text on the debugger's console. A line is written whole, so lines of several processors
// do not mix.
#pragma once

#include <machine.hpp>

#include <string_view>

namespace mica::init {

class Line {
 public:
  Line& operator<<(std::string_view text) noexcept {
    for (char character : text)
      if (used_ < sizeof text_ - 1) text_[used_++] = character;
    return *this;
  }
  Line& operator<<(std::uint64_t number) noexcept {
    char digits[20];
    std::size_t count = 0;
    do digits[count++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    while (count > 0) *this << std::string_view{&digits[--count], 1};
    return *this;
  }
  Line() = default;
  Line(Line const&) = delete;
  Line& operator=(Line const&) = delete;
  ~Line() {
    text_[used_++] = '\n';
    Machine::debug_output(text_, used_);
  }

 private:
  std::size_t used_ = 0;
  char text_[512];
};

}  // namespace mica::init
