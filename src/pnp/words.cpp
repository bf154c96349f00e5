#include "pnp/words.hpp"

#include <algorithm>

namespace mica::pnp {
namespace {

[[nodiscard]] constexpr bool is_space(char letter) noexcept {
  return letter == ' ' || letter == '\t' || letter == '\r';
}

// 16: it is no digit.
[[nodiscard]] constexpr unsigned digit(char letter) noexcept {
  if (letter >= '0' && letter <= '9') return static_cast<unsigned>(letter - '0');
  if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a' + 10);
  if (letter >= 'A' && letter <= 'F') return static_cast<unsigned>(letter - 'A' + 10);
  return 16;
}

}  // namespace

void Words::pass_spaces() noexcept {
  while (at_ < line_.size() && is_space(line_[at_])) ++at_;
  if (at_ < line_.size() && line_[at_] == '#') at_ = line_.size();
}

bool Words::at_end() noexcept {
  pass_spaces();
  begin_ = at_;
  return at_ == line_.size();
}

std::string_view Words::next() noexcept {
  if (at_end()) return {};
  if (line_[at_] == '"') {
    std::size_t const end = line_.find('"', ++at_);
    if (end == std::string_view::npos) return {};
    std::string_view const text = part(line_, at_, end - at_);
    at_ = end + 1;
    return text;
  }
  while (at_ < line_.size() && !is_space(line_[at_])) ++at_;
  return part(line_, begin_, at_ - begin_);
}

bool is_name(std::string_view word) noexcept {
  constexpr std::size_t longest_name = 64;
  return !word.empty() && word.size() <= longest_name &&
         std::all_of(word.begin(), word.end(), [](char letter) {
           return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                  (letter >= '0' && letter <= '9') || letter == '_' || letter == '-';
         });
}

bool number_in(std::string_view word, std::uint64_t most, std::uint64_t& number) noexcept {
  unsigned base = 10;
  if (word.size() > 2 && word[0] == '0' && (word[1] == 'x' || word[1] == 'X')) {
    base = 16;
    word.remove_prefix(2);
  }
  std::uint64_t sum = 0;
  for (char const letter : word) {
    unsigned const value = digit(letter);
    if (value >= base || value > most || sum > (most - value) / base) return false;
    sum = sum * base + value;
  }
  number = sum;
  return !word.empty();
}

}  // namespace mica::pnp
