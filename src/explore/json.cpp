#include "explore/json.hpp"

#include <fmt/format.h>

namespace mica::explore {
namespace {

// Bytes of the character that `text` begins with; 0: it is no UTF-8. [RFC 3629, 4]
std::size_t character(std::string_view text) noexcept {
  auto const byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  unsigned const first = byte(0);
  if (first < 0x80) return 1;
  std::size_t const bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return 0;
  for (std::size_t i = 1; i < bytes; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  unsigned const second = byte(1);
  bool const wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
                     (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
  return wrong ? 0 : bytes;
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    std::size_t const bytes = character(text);
    char const letter = text.front();
    if (bytes == 0)
      out += '?';
    else if (letter == '"' || letter == '\\')
      out += {'\\', letter};
    else if (letter == '\n')
      out += "\\n";
    else if (bytes == 1 && static_cast<unsigned char>(letter) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(letter));
    else
      out += text.substr(0, bytes);
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return out + '"';
}

}  // namespace mica::explore
