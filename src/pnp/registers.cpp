#include "pnp/registers.hpp"

#include <algorithm>

#include "pnp/description.hpp"

namespace mica::pnp {
namespace {

constexpr std::uint64_t all_bits = ~std::uint64_t{0};

constexpr char const* a_name = "a register's name: 1 to 64 letters, digits, '_' and '-'";
constexpr char const* a_number = "a number";
constexpr char const* some_bits = "some of its bits, a number that is not 0";

[[nodiscard]] constexpr std::uint64_t low_bits(std::uint32_t bytes) noexcept {
  return all_bits >> (64 - 8 * bytes);
}

char const* read_condition(Words& words, Condition& condition) noexcept {
  condition.name = words.next();
  if (!is_name(condition.name)) return a_name;
  bool const right = number_in(words.next(), all_bits, condition.mask) && condition.mask != 0;
  return right ? nullptr : some_bits;
}

char const* read_raises(Words& words, std::uint64_t most, Bits& raises) noexcept {
  std::string_view const word = words.next();
  raises.there = true;
  if (!word.empty() && word[0] >= '0' && word[0] <= '9')
    return number_in(word, most, raises.mask) && raises.mask != 0 ? nullptr : some_bits;
  raises.name = word;
  return is_name(word) ? nullptr : "bits, a number, or the name of the register that has them";
}

// Numbers up to the line's end.
char const* read_queue(Words& words, std::uint64_t most, std::string_view& queue) noexcept {
  char const* end = nullptr;
  do {
    std::string_view const word = words.next();
    std::uint64_t number = 0;
    if (!number_in(word, most, number)) return "a number of as many bits";
    if (queue.empty()) queue = word;
    end = word.data() + word.size();
  } while (!words.at_end());
  queue = {queue.data(), static_cast<std::size_t>(end - queue.data())};
  return nullptr;
}

char const* read_property(std::string_view name, Words& words, Register& what) noexcept {
  std::uint64_t const most = low_bits(what.bytes);
  if (name == "value") return number_in(words.next(), most, what.value) ? nullptr : a_number;
  if (name == "mask") return number_in(words.next(), most, what.mask) ? nullptr : a_number;
  if (name == "if") return read_condition(words, what.condition);
  if (name == "ready") return read_condition(words, what.ready);
  if (name == "raises") return read_raises(words, most, what.raises);
  if (name == "queue") return read_queue(words, most, what.queue);
  if (name == "read-only")
    what.read_only = true;
  else if (name == "write-only")
    what.write_only = true;
  else if (name == "read-clears")
    what.read_clears = true;
  else if (name == "write-clears")
    what.write_clears = true;
  else
    return "value, mask, read-only, write-only, read-clears, write-clears, if, ready, raises or "
           "queue";
  return what.read_only && what.write_only ? "a register that can be read or written" : nullptr;
}

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

[[nodiscard]] std::string_view line_at(std::string_view text, std::size_t at) noexcept {
  std::string_view const rest = part(text, at, text.size() - at);
  return part(rest, 0, std::min(rest.find('\n'), rest.size()));
}

// What matters of a range to its registers, of a line that is right.
[[nodiscard]] Resource range_of(std::string_view kind, Words& words) noexcept {
  Resource range;
  std::uint64_t length = 0;
  static_cast<void>(words.next());
  static_cast<void>(number_in(words.next(), UINT32_MAX, length));
  range.type = kind == "port" ? CmResourceTypePort : CmResourceTypeMemory;
  range.length = static_cast<std::uint32_t>(length);
  return range;
}

// Whether a register of the text, or of what of it is before `end`, has that name.
[[nodiscard]] bool is_named(std::string_view device, std::string_view name,
                            char const* end = nullptr) noexcept {
  RegisterReader reader{device};
  for (RegisterLine line; reader.next(line);) {
    if (line.is_reaction) continue;
    if (end != nullptr && line.what.name.data() >= end) return false;
    if (line.what.name == name) return true;
  }
  return false;
}

// What is wrong about the names of a line.
class Check {
 public:
  Check(std::string_view device, unsigned first_line, bool has_interrupt, Mistake& mistake) noexcept
      : device_{device},
        first_line_{first_line},
        has_interrupt_{has_interrupt},
        mistake_{mistake} {}

  [[nodiscard]] bool holds(RegisterLine const& line) noexcept {
    if (!line.is_reaction) return holds(line.what);
    Reaction const& reaction = line.reaction;
    return is_known(reaction.condition.name) &&
           (reaction.act == Act::interrupt ? may_interrupt(nullptr) : is_known(reaction.target));
  }

 private:
  [[nodiscard]] bool holds(Register const& what) noexcept {
    if (is_named(device_, what.name, what.name.data()))
      return refuse(what.name.data(), "another name: a register has that");
    return is_known(what.condition.name) && is_known(what.ready.name) &&
           is_known(what.raises.name) && (!what.raises.there || may_interrupt(what.name.data()));
  }

  [[nodiscard]] bool is_known(std::string_view name) noexcept {
    return name.empty() || is_named(device_, name) ||
           refuse(name.data(), "the name of a register of the device");
  }

  // Without a place: nothing of the line says where the word is.
  [[nodiscard]] bool may_interrupt(char const* at) noexcept {
    return has_interrupt_ ||
           refuse(at != nullptr ? at : device_.data(), "a device that has an interrupt");
  }

  [[nodiscard]] bool refuse(char const* at, char const* expected) noexcept {
    auto const place = static_cast<std::size_t>(at - device_.data());
    mistake_ = {first_line_, 1, expected};
    for (std::size_t i = 0; i < place; ++i) {
      ++mistake_.column;
      if (device_[i] != '\n') continue;
      ++mistake_.line;
      mistake_.column = 1;
    }
    return false;
  }

  std::string_view const device_;
  unsigned const first_line_;
  bool const has_interrupt_;
  Mistake& mistake_;
};

}  // namespace

void RegisterPlace::take(Resource const& resource) noexcept {
  if (resource.type != CmResourceTypePort && resource.type != CmResourceTypeMemory) return;
  type_ = resource.type;
  length_ = resource.length;
  ++(resource.type == CmResourceTypePort ? ports_ : memories_);
}

char const* RegisterPlace::read_register(Words& words, bool is_ram, Register& what) noexcept {
  what = {};
  what.is_ram = is_ram;
  what.type = type_;
  what.range = (type_ == CmResourceTypePort ? ports_ : memories_) - 1;
  what.name = words.next();
  if (!is_name(what.name)) return a_name;
  if (!number_in(words.next(), length_ - 1, what.offset)) return "an offset within the range";
  std::uint64_t const left = length_ - what.offset;
  std::uint64_t wide = 0;
  if (is_ram) {
    if (!number_in(words.next(), left, wide) || wide == 0) return "how many bytes of the range";
    what.bytes = static_cast<std::uint32_t>(wide);
    return nullptr;
  }
  if (!number_in(words.next(), 64, wide) || (wide != 8 && wide != 16 && wide != 32 && wide != 64) ||
      wide / 8 > left)
    return "how wide it is, within the range: 8, 16, 32 or 64";
  if (type_ == CmResourceTypePort && wide == 64) return "8, 16 or 32: ports are no wider";
  what.bytes = static_cast<std::uint32_t>(wide / 8);
  what.mask = low_bits(what.bytes);
  while (!words.at_end())
    if (char const* const wrong = read_property(words.next(), words, what)) return wrong;
  return nullptr;
}

char const* RegisterPlace::read(std::string_view kind, Words& words, RegisterLine& line) noexcept {
  line.is_reaction = kind == "on";
  if (line.is_reaction)
    return has_register_ ? read_reaction(words, line.reaction) : "a register before it";
  if (type_ == 0) return "a port or memory range before it";
  char const* const wrong = read_register(words, kind == "ram", line.what);
  has_register_ = kind == "register";
  return wrong;
}

bool RegisterReader::next(RegisterLine& line) noexcept {
  while (at_ < text_.size()) {
    std::string_view const whole = line_at(text_, at_);
    at_ += std::min(whole.size() + 1, text_.size() - at_);
    Words words{whole};
    if (words.at_end()) continue;
    std::string_view const name = words.next();
    if (is_register_line(name)) return place_.read(name, words, line) == nullptr;
    if (name == "port" || name == "memory") place_.take(range_of(name, words));
  }
  return false;
}

bool check_registers(std::string_view device, unsigned first_line, bool has_interrupt,
                     Mistake& mistake) noexcept {
  Check check{device, first_line, has_interrupt, mistake};
  RegisterReader reader{device};
  for (RegisterLine line; reader.next(line);)
    if (!check.holds(line)) return false;
  return true;
}

}  // namespace mica::pnp
