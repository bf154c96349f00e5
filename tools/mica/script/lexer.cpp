#include "script/lexer.hpp"

#include <fmt/format.h>

namespace mica::script {
namespace {

constexpr std::string_view signs = "{}(),";

[[nodiscard]] constexpr Kind kind_of(char sign) noexcept {
  switch (sign) {
    case '{':
      return Kind::open_brace;
    case '}':
      return Kind::close_brace;
    case '(':
      return Kind::open_parenthesis;
    case ')':
      return Kind::close_parenthesis;
    default:
      return Kind::comma;
  }
}

[[nodiscard]] constexpr bool is_space(char letter) noexcept {
  return letter == ' ' || letter == '\t' || letter == '\r';
}

[[nodiscard]] constexpr bool is_printable(char letter) noexcept {
  return letter >= ' ' && letter <= '~';
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) noexcept : text_{text} {}

  std::vector<Token> all() {
    while (at_ < text_.size()) step();
    tokens_.push_back({Kind::end, {}, here()});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] Place here() const noexcept {
    return {line_, static_cast<unsigned>(at_ - line_begin_) + 1};
  }
  [[nodiscard]] char letter() const noexcept { return at_ < text_.size() ? text_[at_] : '\n'; }

  void step() {
    if (letter() == '\n')
      end_line();
    else if (is_space(letter()))
      ++at_;
    else if (letter() == '#')
      skip_comment();
    else if (signs.find(letter()) != signs.npos)
      take(kind_of(letter()), at_, 1);
    else if (letter() == '"')
      take_text(Kind::text, 1);
    else if (text_.substr(at_, 2) == "L\"")
      take_text(Kind::wide_text, 2);
    else
      take_word();
  }

  void take(Kind kind, std::size_t begin, std::size_t length) {
    tokens_.push_back({kind, text_.substr(begin, length), here()});
    at_ = begin + length;
  }

  void end_line() {
    tokens_.push_back({Kind::end_of_line, {}, here()});
    line_begin_ = ++at_;
    ++line_;
  }

  void skip_comment() noexcept {
    while (letter() != '\n') ++at_;
  }

  void check_printable(std::size_t at) {
    if (is_printable(text_[at])) return;
    at_ = at;
    throw Mistake{here(), fmt::format("the byte 0x{:02X}", static_cast<unsigned char>(text_[at])),
                  "a printable character of ASCII"};
  }

  void take_text(Kind kind, std::size_t opening) {
    std::size_t const begin = at_ + opening;
    std::size_t end = begin;
    while (end < text_.size() && text_[end] != '"' && text_[end] != '\n') check_printable(end++);
    if (end == text_.size() || text_[end] == '\n') {
      at_ = end;
      throw Mistake{here(), "the end of the line", "a quotation mark that ends the text"};
    }
    take(kind, begin, end - begin);
    ++at_;
  }

  void take_word() {
    std::size_t end = at_;
    while (end < text_.size() && text_[end] != '\n' && !is_space(text_[end]) && text_[end] != '"' &&
           text_[end] != '#' && signs.find(text_[end]) == signs.npos)
      check_printable(end++);
    take(Kind::word, at_, end - at_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  unsigned line_ = 1;
  std::vector<Token> tokens_;
};

}  // namespace

std::string name_of(Token const& token) {
  switch (token.kind) {
    case Kind::end_of_line:
      return "the end of the line";
    case Kind::end:
      return "the end of the script";
    case Kind::text:
      return fmt::format("the text \"{}\"", token.text);
    case Kind::wide_text:
      return fmt::format("the text L\"{}\"", token.text);
    default:
      return fmt::format("'{}'", token.text);
  }
}

std::vector<Token> tokens_of(std::string_view text) {
  return Lexer{text}.all();
}

}  // namespace mica::script
