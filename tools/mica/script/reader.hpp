// Tokens, read one after the other.
#pragma once

#include <span>

#include "script/lexer.hpp"

namespace mica::script {

class Reader {
 public:
  explicit Reader(std::span<Token const> tokens) noexcept : tokens_{tokens} {}

  [[nodiscard]] Token const& next() const noexcept { return tokens_[at_]; }
  // The end stays.
  Token const& take() noexcept {
    Token const& taken = tokens_[at_];
    if (taken.kind != Kind::end) ++at_;
    return taken;
  }
  [[nodiscard]] bool is_next(Kind kind) const noexcept { return next().kind == kind; }
  [[nodiscard]] bool is_next(std::string_view word) const noexcept {
    return is_next(Kind::word) && next().text == word;
  }
  // Takes the word if it is next.
  bool skip(std::string_view word) noexcept {
    bool const there = is_next(word);
    if (there) take();
    return there;
  }
  Token const& take(Kind kind, std::string_view expected) {
    if (!is_next(kind)) fail(expected);
    return take();
  }

  [[noreturn]] void fail(std::string_view expected) const { fail(next(), expected); }
  [[noreturn]] static void fail(Token const& found, std::string_view expected) {
    throw Mistake{found.where, name_of(found), std::string{expected}};
  }

 private:
  std::span<Token const> tokens_;
  std::size_t at_ = 0;
};

}  // namespace mica::script
