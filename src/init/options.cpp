#include "init/options.hpp"

#include <algorithm>

namespace mica::init {

namespace {

// Without substr() and what uses it: they bring the C++ runtime's exceptions along.
bool begins_with(std::string_view text, std::string_view start) noexcept {
  return text.size() >= start.size() && std::equal(start.begin(), start.end(), text.begin());
}

}  // namespace

std::string_view option(std::string_view command_line, std::string_view name) noexcept {
  while (!command_line.empty()) {
    std::size_t const end = command_line.find(' ');
    std::string_view word = command_line;
    if (end != std::string_view::npos) word.remove_suffix(command_line.size() - end);
    if (begins_with(word, name)) {
      word.remove_prefix(name.size());
      if (word.empty()) return word;
      if (word.front() == '=') {
        word.remove_prefix(1);
        return word;
      }
    }
    if (end == std::string_view::npos) break;
    command_line.remove_prefix(end + 1);
  }
  return {};
}

std::optional<std::uint32_t> number_in(std::string_view text) noexcept {
  if (text.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (char const digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    if (number > UINT32_MAX) return std::nullopt;
  }
  return static_cast<std::uint32_t>(number);
}

bool matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t star = std::string_view::npos;  // where the pattern goes on after the last `*`
  std::size_t resume = 0;                     // where the text went on for it
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
