#include "script/values.hpp"

#include <fmt/format.h>

#include <charconv>

#include "harness/status_names.hpp"

namespace mica::script {
namespace {

// The whole of the text is one.
std::optional<std::uint64_t> number_in(std::string_view text, int base) noexcept {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// Decimal, or hexadecimal after 0x.
std::optional<std::uint64_t> number_in(std::string_view text) noexcept {
  return text.starts_with("0x") ? number_in(text.substr(2), 16) : number_in(text, 10);
}

std::uint64_t take_number(Reader& reader, std::uint64_t most, std::string_view expected) {
  std::optional<std::uint64_t> const value =
      reader.is_next(Kind::word) ? number_in(reader.next().text) : std::nullopt;
  if (!value || *value > most) reader.fail(expected);
  reader.take();
  return *value;
}

// One of some words, each with its value.
struct Choice {
  std::string_view word;
  std::uint32_t value;
};

std::uint32_t take_choice(Reader& reader, std::span<Choice const> choices,
                          std::string_view expected) {
  for (Choice const& each : choices)
    if (reader.skip(each.word)) return each.value;
  reader.fail(expected);
}

// ---- Bytes

struct Item {
  std::vector<std::optional<std::byte>> bytes;
  bool more = false;
};

constexpr std::string_view pattern_words =
    "bytes: two hexadecimal digits, 'u32:1000', a text, '?\?' "
    "for any byte, or '...' for all that follow";
constexpr std::string_view byte_words =
    "bytes: two hexadecimal digits, 'u32:1000' or a text, such as 0f 00*16 u32:1000 \"abc\"";

[[nodiscard]] bool is_hexadecimal(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

// What stands before a * in the word.
[[nodiscard]] std::string_view unit_in(std::string_view word) noexcept {
  return word.substr(0, word.find('*'));
}

// Of u8:, u16:, u32: and u64: the bytes; 0: it begins otherwise.
[[nodiscard]] unsigned width_of(std::string_view word) noexcept {
  for (unsigned const bytes : {1u, 2u, 4u, 8u})
    if (word.starts_with(fmt::format("u{}:", 8 * bytes))) return bytes;
  return 0;
}

void append_number(Item& item, Token const& token, std::string_view word, unsigned width) {
  std::uint64_t const most = ~std::uint64_t{} >> (64 - 8 * width);
  std::optional<std::uint64_t> const value = number_in(word.substr(word.find(':') + 1));
  if (!value || *value > most)
    Reader::fail(token, fmt::format("a number of {} bits at most after the colon", 8 * width));
  for (unsigned i = 0; i < width; ++i)
    item.bytes.push_back(static_cast<std::byte>(*value >> (8 * i)));
}

void append_text(Item& item, Token const& token) {
  for (char const letter : token.text) {
    item.bytes.push_back(static_cast<std::byte>(letter));
    if (token.kind == Kind::wide_text) item.bytes.push_back(std::byte{0});
  }
}

// How often: what stands behind a *.
std::uint64_t repetitions_in(Token const& token) {
  std::size_t const star = token.text.find('*');
  if (star == token.text.npos) return 1;
  std::optional<std::uint64_t> const times = number_in(token.text.substr(star + 1));
  if (!times || *times == 0 || *times > most_bytes)
    Reader::fail(token, fmt::format("a number from 1 to {} after the *", most_bytes));
  return *times;
}

Item take_item(Reader& reader) {
  Token const& token = reader.take();
  Item item;
  if (token.kind != Kind::word) {
    append_text(item, token);
    return item;
  }
  item.more = token.text == "...";
  if (item.more) return item;
  std::string_view const unit = unit_in(token.text);
  if (unsigned const width = width_of(unit))
    append_number(item, token, unit, width);
  else if (unit == "??")
    item.bytes.push_back(std::nullopt);
  else
    item.bytes.push_back(static_cast<std::byte>(number_in(unit, 16).value()));
  std::uint64_t const times = repetitions_in(token);
  std::vector<std::optional<std::byte>> const once = item.bytes;
  for (std::uint64_t i = 1; i < times && item.bytes.size() <= most_bytes; ++i)
    item.bytes.insert(item.bytes.end(), once.begin(), once.end());
  return item;
}

void append(Pattern& pattern, Token const& token, Item const& item) {
  pattern.bytes.insert(pattern.bytes.end(), item.bytes.begin(), item.bytes.end());
  pattern.more = item.more;
  if (pattern.bytes.size() > most_bytes)
    Reader::fail(token, fmt::format("at most {} bytes", most_bytes));
}

}  // namespace

std::uint64_t take_number(Reader& reader) {
  return take_number(reader, UINT64_MAX, "a number of 64 bits at most, such as 65 or 0x41");
}

std::uint32_t take_size(Reader& reader) {
  return static_cast<std::uint32_t>(
      take_number(reader, most_bytes, fmt::format("a size: at most {} bytes", most_bytes)));
}

std::uint64_t take_offset(Reader& reader) {
  return take_number(reader, INT64_MAX, "an offset in bytes");
}

Time take_time(Reader& reader) {
  static constexpr struct {
    std::string_view unit;
    Time of_it;
  } units[] = {{"us", 10}, {"ms", 10'000}, {"s", 10'000'000}};
  constexpr Time longest = Time{10'000'000} * 86'400 * 365;
  constexpr std::string_view expected = "a time of a year at most, such as 50us, 10ms or 2s";
  std::string_view const word = reader.is_next(Kind::word) ? reader.next().text : "";
  std::size_t const digits = std::min(word.find_first_not_of("0123456789"), word.size());
  std::optional<std::uint64_t> const value = number_in(word.substr(0, digits), 10);
  for (auto const& each : units) {
    if (!value || word.substr(digits) != each.unit || *value > longest / each.of_it) continue;
    reader.take();
    return *value * each.of_it;
  }
  reader.fail(expected);
}

// [MSDN "Defining I/O Control Codes"]
std::uint32_t take_control_code(Reader& reader) {
  static constexpr Choice methods[] = {
      {"buffered", 0}, {"in_direct", 1}, {"out_direct", 2}, {"neither", 3}};
  static constexpr Choice accesses[] = {{"any", 0}, {"read", 1}, {"write", 2}, {"read_write", 3}};
  if (!reader.skip("ctl"))
    return static_cast<std::uint32_t>(take_number(
        reader, UINT32_MAX, "a control code: a number, or ctl(DEVICE, FUNCTION, METHOD, ACCESS)"));
  reader.take(Kind::open_parenthesis, "'(' after ctl");
  std::uint64_t const device = take_number(reader, 0xFFFF, "a device type: 0 to 0xFFFF");
  reader.take(Kind::comma, "',' after the device type");
  std::uint64_t const function = take_number(reader, 0xFFF, "a function: 0 to 0xFFF");
  reader.take(Kind::comma, "',' after the function");
  std::uint32_t const method =
      take_choice(reader, methods, "a method: buffered, in_direct, out_direct or neither");
  reader.take(Kind::comma, "',' after the method");
  std::uint32_t const access =
      take_choice(reader, accesses, "an access: any, read, write or read_write");
  reader.take(Kind::close_parenthesis, "')' after the access");
  return static_cast<std::uint32_t>(device << 16 | access << 14 | function << 2 | method);
}

bool begins_bytes(Token const& token) noexcept {
  if (token.kind == Kind::text || token.kind == Kind::wide_text) return true;
  if (token.kind != Kind::word) return false;
  std::string_view const unit = unit_in(token.text);
  return width_of(unit) != 0 || (unit.size() == 2 && is_hexadecimal(unit));
}

bool begins_pattern(Token const& token) noexcept {
  return begins_bytes(token) ||
         (token.kind == Kind::word && (unit_in(token.text) == "??" || token.text == "..."));
}

Bytes take_bytes(Reader& reader) {
  if (!begins_bytes(reader.next())) reader.fail(byte_words);
  Pattern pattern;
  while (begins_bytes(reader.next())) {
    Token const& token = reader.next();
    append(pattern, token, take_item(reader));
  }
  Bytes bytes;
  for (auto const& each : pattern.bytes) bytes.push_back(*each);
  return bytes;
}

Pattern take_pattern(Reader& reader) {
  if (!begins_pattern(reader.next())) reader.fail(pattern_words);
  Pattern pattern;
  while (begins_pattern(reader.next()) && !pattern.more) {
    Token const& token = reader.next();
    append(pattern, token, take_item(reader));
  }
  return pattern;
}

bool begins_status(Token const& token) noexcept {
  return token.kind == Kind::word &&
         (token.text.starts_with("STATUS_") || token.text.starts_with("0x"));
}

std::int32_t take_status(Reader& reader) {
  Token const& token = reader.take();
  if (std::optional<std::int32_t> const named = harness::status_named(token.text)) return *named;
  if (token.text.starts_with("STATUS_"))
    Reader::fail(token, fmt::format("a status of <nt/ntstatus.h>, such as {}",
                                    harness::nearest_status_name(token.text)));
  std::optional<std::uint64_t> const value = number_in(token.text);
  if (token.text.size() != 10 || !value)
    Reader::fail(token, "a status as 0x and eight hexadecimal digits");
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(*value));
}

}  // namespace mica::script
