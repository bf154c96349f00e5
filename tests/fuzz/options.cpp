// Kernel options: what a command line says is what a slower reader makes of it.
#include "init/options.hpp"

#include <charconv>
#include <cstdlib>
#include <string>
#include <vector>

using namespace mica;

namespace {

// Of words that blanks part, the first that is `name` or begins with `name=`.
[[nodiscard]] std::optional<std::string> slow_option(std::string const& line,
                                                     std::string const& name) {
  for (std::size_t at = 0; at < line.size();) {
    std::size_t const end = std::min(line.find(' ', at), line.size());
    std::string const word = line.substr(at, end - at);
    if (word == name) return "";
    if (word.starts_with(name + "=")) return word.substr(name.size() + 1);
    at = end + 1;
  }
  return std::nullopt;
}

[[nodiscard]] std::optional<std::uint32_t> slow_number(std::string const& text) {
  std::uint32_t number = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// For each beginning of the pattern, which beginnings of the text match it.
[[nodiscard]] bool slow_matches(std::string const& pattern, std::string const& text) {
  std::vector<bool> matched(text.size() + 1);
  matched[0] = true;
  for (char const letter : pattern) {
    std::vector<bool> next(text.size() + 1);
    for (std::size_t i = 0; i <= text.size(); ++i) {
      if (letter == '*')
        next[i] = matched[i] || (i > 0 && next[i - 1]);
      else
        next[i] = i > 0 && matched[i - 1] && (letter == '?' || letter == text[i - 1]);
    }
    matched = next;
  }
  return matched[text.size()];
}

void check(bool right) {
  if (!right) std::abort();
}

}  // namespace

// A name or a pattern, a line's end, and a command line.
extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string const text{reinterpret_cast<char const*>(data), std::min<std::size_t>(size, 512)};
  std::size_t const end = std::min(text.find('\n'), text.size());
  // Exactly as large as they are: a sanitizer sees who reads on.
  std::vector<char> const name{text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end)};
  std::vector<char> const line{
      text.begin() + static_cast<std::ptrdiff_t>(std::min(end + 1, text.size())), text.end()};
  std::string_view const name_view{name.data(), name.size()}, line_view{line.data(), line.size()};
  std::string const name_text{name_view}, line_text{line_view};

  std::string_view const value = init::option(line_view, name_view);
  auto const slow = slow_option(line_text, name_text);
  check(slow ? value.data() != nullptr && value == *slow : value.data() == nullptr);
  check(init::number_in(value) == slow_number(std::string{value}));
  check(init::number_in(line_view) == slow_number(line_text));
  check(init::matches(name_view, line_view) == slow_matches(name_text, line_text));
  return 0;
}
