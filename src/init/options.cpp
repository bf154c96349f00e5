#include "init/options.hpp"

namespace mica::init {

std::string_view option(std::string_view command_line, std::string_view name) noexcept {
  while (!command_line.empty()) {
    std::size_t const end = command_line.find(' ');
    std::string_view const word = command_line.substr(0, end);
    if (word == name) return word.substr(word.size());
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=')
      return word.substr(name.size() + 1);
    if (end == std::string_view::npos) break;
    command_line.remove_prefix(end + 1);
  }
  return {};
}

bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t star = std::string_view::npos;   // where the pattern goes on after the last `*`
  std::size_t resume = 0;                      // where the text went on for it
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace mica::init
