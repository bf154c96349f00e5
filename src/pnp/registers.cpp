// What a line says of a register, and the lines of a text that are of registers.
#include "pnp/registers.hpp"

#include <algorithm>

#include "pnp/description.hpp"
#include "pnp/reaction.hpp"

namespace mica::pnp {
namespace {

[[nodiscard]] constexpr std::uint64_t low_bits(std::uint32_t bytes) noexcept {
  return all_bits >> (64 - 8 * bytes);
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

}  // namespace mica::pnp
