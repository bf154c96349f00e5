// A script's text as tokens. What a word means depends on where it stands: the parser knows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "script/mistake.hpp"

namespace mica::script {

enum class Kind : std::uint8_t {
  word,       // letters, digits and signs up to a space or one of {}(),"#
  text,       // "...", without its quotation marks
  wide_text,  // L"..."
  open_brace,
  close_brace,
  open_parenthesis,
  close_parenthesis,
  comma,
  end_of_line,
  end,
};

struct Token {
  Kind kind;
  std::string_view text;  // part of the script's text
  Place where;
};

// What it is called in a message.
[[nodiscard]] std::string name_of(Token const& token);

// The last one is the end. Comments, from # to the end of their line, are gone. Throws Mistake.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view text);

}  // namespace mica::script
