// What a Trace kept, in words.
#include <fmt/format.h>
#include <nt/ntdef.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "harness/recorder.hpp"
#include "harness/status_names.hpp"

namespace mica {

using harness::Captured;
using harness::Record;
using trace::Kind;
using What = TraceEvent::What;

namespace {

using Bytes = std::span<std::byte const>;

// In quotation marks; what is not printable as \xNN or \uNNNN.
std::string quoted(Bytes bytes, std::size_t unit) {
  std::string text = unit == 1 ? "\"" : "L\"";
  for (std::size_t i = 0; i + unit <= bytes.size(); i += unit) {
    std::uint16_t letter = 0;
    std::memcpy(&letter, &bytes[i], unit);
    if (letter == '"' || letter == '\\')
      text += fmt::format("\\{}", static_cast<char>(letter));
    else if (letter >= ' ' && letter <= '~')
      text += static_cast<char>(letter);
    else
      text += unit == 1 ? fmt::format("\\x{:02x}", letter) : fmt::format("\\u{:04x}", letter);
  }
  return text + '"';
}

std::string tag_text(std::uint32_t tag) {
  char letters[sizeof tag];
  std::memcpy(letters, &tag, sizeof tag);
  for (char const each : letters)
    if (each < ' ' || each > '~') return fmt::format("{:#x}", tag);
  return fmt::format("'{}'", std::string_view{letters, sizeof letters});
}

std::string pointer_text(Trace::Recorder const& recorder, std::uint64_t value) {
  if (value == 0) return "NULL";
  std::string place = recorder.place_of(value);
  return place.empty() ? fmt::format("{:#x}", value) : place;
}

template <class Integer>
std::string decimal(std::uint64_t value) {
  return fmt::format("{}", static_cast<Integer>(value));
}

std::string irql_text(std::uint64_t value) {
  switch (static_cast<std::uint8_t>(value)) {
    case 0:
      return "PASSIVE_LEVEL";
    case 1:
      return "APC_LEVEL";
    case 2:
      return "DISPATCH_LEVEL";
    default:
      return decimal<unsigned>(value & 0xff);
  }
}

std::string value_text(Trace::Recorder const& recorder, Kind kind, std::uint64_t value) {
  switch (kind) {
    case Kind::none:
    case Kind::nothing:
    case Kind::variadic:
      return {};
    case Kind::status:
      return harness::name_of_status(static_cast<std::int32_t>(value));
    case Kind::boolean:
      return (value & 0xff) == 0 ? "FALSE" : "TRUE";
    case Kind::irql:
      return irql_text(value);
    case Kind::signed_8:
      return decimal<int>(static_cast<std::uint64_t>(static_cast<std::int8_t>(value)));
    case Kind::signed_16:
      return decimal<std::int16_t>(value);
    case Kind::signed_32:
      return decimal<std::int32_t>(value);
    case Kind::signed_64:
      return decimal<std::int64_t>(value);
    case Kind::size:
      return decimal<std::uint64_t>(value);
    case Kind::unsigned_8:
      return fmt::format("{:#x}", static_cast<std::uint8_t>(value));
    case Kind::unsigned_16:
      return fmt::format("{:#x}", static_cast<std::uint16_t>(value));
    case Kind::unsigned_32:
      return fmt::format("{:#x}", static_cast<std::uint32_t>(value));
    case Kind::tag:
      return tag_text(static_cast<std::uint32_t>(value));
    case Kind::unsigned_64:
    case Kind::handle:
      return fmt::format("{:#x}", value);
    default:
      return pointer_text(recorder, value);
  }
}

std::string captured_text(Kind kind, Bytes bytes) {
  switch (kind) {
    case Kind::signed_64_at: {
      std::int64_t value = 0;
      std::memcpy(&value, bytes.data(), sizeof value);
      return fmt::format("&{}", value);
    }
    case Kind::ansi_string:
    case Kind::text:
      return quoted(bytes, 1);
    default:
      return quoted(bytes, sizeof(WCHAR));
  }
}

// The calls and entries that have not ended.
using Begun = std::map<std::uint64_t, trace::Signature const*>;

std::uint64_t word_at(std::byte const* at, std::size_t index) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, at + index * sizeof word, sizeof word);
  return word;
}

void fill_arguments(Trace::Recorder const& recorder, Record const& record, std::byte const* rest,
                    TraceEvent& event) {
  trace::Parameter const* const parameters = record.signature->parameters;
  for (unsigned i = 0; i < record.words; ++i)
    event.arguments.push_back(
        {parameters[i].name, value_text(recorder, parameters[i].kind, word_at(rest, i))});
  std::byte const* at = rest + record.words * sizeof(std::uint64_t);
  for (std::uint32_t i = 0; i < record.captures; ++i) {
    Captured captured;
    std::memcpy(&captured, at, sizeof captured);
    at += sizeof captured;
    event.arguments[captured.word].text =
        captured_text(parameters[captured.word].kind, {at, captured.bytes});
    at += (captured.bytes + 7) & ~std::uint32_t{7};
  }
}

TraceEvent begin_of(Trace::Recorder const& recorder, Record const& record, std::byte const* rest) {
  TraceEvent event{};
  event.name = record.signature->name;
  event.place = recorder.place_of(record.place);
  fill_arguments(recorder, record, rest, event);
  return event;
}

TraceEvent event_of(Trace::Recorder const& recorder, Record const& record, std::byte const* rest,
                    Begun& begun) {
  TraceEvent event{};
  if (record.signature != nullptr) {
    event = begin_of(recorder, record, rest);
    if (record.what == What::read || record.what == What::write) {
      event.value = std::move(event.arguments.back().text);
      event.arguments.pop_back();
    } else {
      begun[record.number] = record.signature;
    }
  } else if (auto const at = begun.find(record.number); at != begun.end()) {
    event.name = at->second->name;
    event.value = record.words == 0 ? "an exception"
                                    : value_text(recorder, at->second->result, word_at(rest, 0));
    begun.erase(at);
  }
  event.what = record.what;
  event.number = record.number;
  event.time_100ns = record.time_100ns;
  event.thread = record.thread;
  event.processor = record.processor;
  event.irql = record.irql;
  return event;
}

}  // namespace

std::string Trace::Recorder::place_of(std::uint64_t address) const {
  harness::ImageRange const* const image = image_at(address);
  if (image == nullptr) return {};
  auto const& places = image->places;
  auto const after = std::ranges::upper_bound(places, address, {}, &harness::NamedPlace::begin);
  if (after == places.begin() || address >= std::prev(after)->end)
    return fmt::format("{}+{:#x}", image->name, address - image->begin);
  harness::NamedPlace const& place = *std::prev(after);
  return fmt::format("{}!{}+{:#x}", image->name, place.name, address - place.begin);
}

void Trace::Recorder::each(std::function<void(TraceEvent const&)> const& what) const {
  Begun begun;
  for (Block const& block : blocks_)
    for (std::size_t at = 0; at < block.used;) {
      std::byte const* const begin = block.memory.get() + at;
      Record record;
      std::memcpy(&record, begin, sizeof record);
      what(event_of(*this, record, begin + sizeof record, begun));
      at += record.bytes;
    }
}

Trace::Trace(std::string_view names, std::size_t most_bytes)
    : recorder_{std::make_unique<Recorder>(names, most_bytes)} {}
Trace::~Trace() = default;
Trace::Trace(Trace&&) noexcept = default;
Trace& Trace::operator=(Trace&&) noexcept = default;

void Trace::each(std::function<void(TraceEvent const&)> const& what) const {
  recorder_->each(what);
}

std::uint64_t Trace::lost() const noexcept {
  return recorder_->lost;
}

}  // namespace mica
