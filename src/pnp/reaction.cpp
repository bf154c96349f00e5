#include "pnp/reaction.hpp"

#include <algorithm>

namespace mica::pnp {
namespace {

// 50us, 10ms, 2s.
[[nodiscard]] bool time_in(std::string_view word, std::uint64_t& time_100ns) noexcept {
  struct Unit {
    std::string_view name;
    std::uint64_t of_it;
  };
  constexpr Unit units[] = {{"us", 10}, {"ms", 10'000}, {"s", 10'000'000}};
  constexpr std::uint64_t longest = std::uint64_t{10'000'000} * 86'400 * 365;
  std::size_t const digits = std::min(word.find_first_not_of("0123456789"), word.size());
  std::string_view const unit = part(word, digits, word.size() - digits);
  for (Unit const& each : units) {
    if (each.name != unit) continue;
    bool const right = number_in(part(word, 0, digits), longest / each.of_it, time_100ns);
    time_100ns *= each.of_it;
    return right;
  }
  return false;
}

char const* read_operand(Words& words, Operand& operand) noexcept {
  std::string_view word = words.next();
  operand.inverted = !word.empty() && word[0] == '~';
  if (operand.inverted) word.remove_prefix(1);
  operand.is_value = word == "value";
  bool const right = operand.is_value || number_in(word, all_bits, operand.number);
  return right ? nullptr : "a number or 'value', or one of them with '~' before it";
}

char const* read_set(Words& words, Reaction& reaction) noexcept {
  reaction.target = words.next();
  if (!is_name(reaction.target)) return a_name;
  std::string_view const how = words.next();
  if (how == "=")
    reaction.act = Act::assign;
  else if (how == "|=")
    reaction.act = Act::set_bits;
  else if (how == "&=")
    reaction.act = Act::keep_bits;
  else
    return "'=', '|=' or '&='";
  return read_operand(words, reaction.operand);
}

// What is done: the first of these words was read already.
char const* read_act(std::string_view name, Words& words, Reaction& reaction) noexcept {
  if (name == "interrupt") {
    reaction.act = Act::interrupt;
    return nullptr;
  }
  if (name == "set") return read_set(words, reaction);
  if (name != "put") return "'set', 'put' or 'interrupt'";
  reaction.act = Act::put;
  reaction.target = words.next();
  return is_name(reaction.target) ? read_operand(words, reaction.operand) : a_name;
}

char const* read_match(Words& words, std::string_view& word, Reaction& reaction) noexcept {
  if (!number_in(word, all_bits, reaction.match)) return nullptr;
  reaction.matches = true;
  word = words.next();
  if (word != "of") return nullptr;
  if (!number_in(words.next(), all_bits, reaction.of)) return a_number;
  word = words.next();
  return nullptr;
}

}  // namespace

char const* read_condition(Words& words, Condition& condition) noexcept {
  condition.name = words.next();
  if (!is_name(condition.name)) return a_name;
  bool const right = number_in(words.next(), all_bits, condition.mask) && condition.mask != 0;
  return right ? nullptr : some_bits;
}

char const* read_reaction(Words& words, Reaction& reaction) noexcept {
  reaction = {};
  reaction.of = all_bits;
  std::string_view const when = words.next();
  reaction.to_write = when == "write";
  if (!reaction.to_write && when != "read") return "'read' or 'write'";
  std::string_view word = words.next();
  if (char const* const wrong = read_match(words, word, reaction)) return wrong;
  if (word == "if") {
    if (char const* const wrong = read_condition(words, reaction.condition)) return wrong;
    word = words.next();
  }
  if (char const* const wrong = read_act(word, words, reaction)) return wrong;
  if (words.at_end()) return nullptr;
  if (words.next() != "after") return "'after' and a time, or the line's end";
  return time_in(words.next(), reaction.after_100ns) ? nullptr
                                                     : "a time of a year at most, such as 50us, "
                                                       "10ms or 2s";
}

}  // namespace mica::pnp
