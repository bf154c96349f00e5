#include "explore/schedule.hpp"

#include <fmt/format.h>

#include <charconv>

namespace mica::explore {
namespace {

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return error == std::errc{};
}

bool take_text(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_deviations(std::string_view text, std::vector<Deviation>& deviations) {
  while (!text.empty()) {
    if (!deviations.empty() && !take_text(text, ",")) return false;
    Deviation next{};
    if (!take_number(text, next.at) || !take_text(text, "=") || !take_number(text, next.choice))
      return false;
    if (!deviations.empty() && next.at <= deviations.back().at) return false;
    deviations.push_back(next);
  }
  return true;
}

}  // namespace

std::string Schedule::text() const {
  if (kind == Kind::random) return fmt::format("random:{}", seed);
  if (kind == Kind::pct) return fmt::format("pct{}.{}:{}", depth, length, seed);
  std::string text = "steps:";
  for (Deviation const& deviation : deviations)
    text += fmt::format("{}{}={}", text.back() == ':' ? "" : ",", deviation.at, deviation.choice);
  return text;
}

std::optional<Schedule> Schedule::parse(std::string_view text) {
  Schedule schedule;
  if (take_text(text, "steps:")) {
    schedule.kind = Kind::steps;
    if (!take_deviations(text, schedule.deviations)) return {};
    return schedule;
  }
  if (take_text(text, "pct")) {
    schedule.kind = Kind::pct;
    if (!take_number(text, schedule.depth) || !take_text(text, ".") ||
        !take_number(text, schedule.length))
      return {};
  } else if (!take_text(text, "random")) {
    return {};
  }
  if (!take_text(text, ":") || !take_number(text, schedule.seed) || !text.empty()) return {};
  return schedule;
}

}  // namespace mica::explore
