#include "explore/settings.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <vector>

namespace mica::explore {
namespace {

constexpr std::string_view methods[] = {"seeded", "random",      "pct",      "bounded",
                                        "dpor",   "depth-first", "portfolio"};

[[noreturn]] void reject(std::string_view key, std::string_view value, std::string_view wanted) {
  throw std::invalid_argument{
      fmt::format("MICA_EXPLORE: '{}={}' is wrong: {}", key, value, wanted)};
}

template <class Number>
Number number(std::string_view key, std::string_view value, Number least, char const* wanted) {
  Number result{};
  auto const [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (error != std::errc{} || end != value.data() + value.size() || !(result >= least))
    reject(key, value, wanted);
  return result;
}

std::uint64_t count(std::string_view key, std::string_view value) {
  return number<std::uint64_t>(key, value, 1, "a number from 1 on is wanted");
}

bool flag(std::string_view key, std::string_view value) {
  if (value != "0" && value != "1") reject(key, value, "0 or 1 is wanted");
  return value == "1";
}

Shard shard_of(std::string_view key, std::string_view value) {
  std::size_t const slash = value.find('/');
  if (slash == value.npos) reject(key, value, "I/N is wanted");
  Shard const shard{count(key, value.substr(0, slash)), count(key, value.substr(slash + 1))};
  if (shard.number > shard.count) reject(key, value, "there is no such part");
  return shard;
}

std::chrono::nanoseconds seconds(std::string_view key, std::string_view value) {
  double const wanted = number<double>(key, value, 0, "seconds are wanted");
  constexpr double most = 1e9;
  if (wanted > most) reject(key, value, "that is more than thirty years");
  return std::chrono::nanoseconds{static_cast<std::int64_t>(wanted * 1e9)};
}

void set(Settings& settings, std::string_view key, std::string_view value) {
  if (value.empty()) reject(key, value, "a value is missing");
  if (key == "name") {
    settings.name = value;
  } else if (key == "strategy") {
    settings.method = method_of(value);
    if (!settings.method)
      reject(key, value, fmt::format("it is one of {}", fmt::join(methods, ", ")));
  } else if (key == "preemptions") {
    settings.preemptions = number<unsigned>(key, value, 0, "a number is wanted");
  } else if (key == "memory") {
    settings.memory = memory_model_of(value);
    if (!settings.memory) reject(key, value, "it is one of sequential, x86, cxx20");
  } else if (key == "executions") {
    settings.executions = count(key, value);
  } else if (key == "distinct") {
    settings.distinct = count(key, value);
  } else if (key == "seconds") {
    settings.time = seconds(key, value);
  } else if (key == "seed") {
    settings.seed = count(key, value);
  } else if (key == "shard") {
    settings.shard = shard_of(key, value);
  } else if (key == "checkpoint") {
    settings.checkpoint = value;
  } else if (key == "progress") {
    settings.progress = value;
  } else if (key == "races") {
    settings.races = flag(key, value);
  } else if (key == "list") {
    settings.list = flag(key, value);
  } else {
    reject(key, value, "there is no such key");
  }
}

std::string_view environment(char const* name) {
  char const* const value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::string_view name_of(Method method) noexcept {
  return methods[static_cast<unsigned>(method)];
}

std::optional<Method> method_of(std::string_view name) noexcept {
  for (unsigned i = 0; i < std::size(methods); ++i)
    if (methods[i] == name) return static_cast<Method>(i);
  return {};
}

bool Settings::concerns(std::string_view id) const noexcept {
  if (!replay.empty()) return replay.find(':') == id.size() && replay.starts_with(id);
  return name.empty() || name == id;
}

std::string_view Settings::replayed() const noexcept {
  return std::string_view{replay}.substr(replay.find(':') + 1);
}

Settings Settings::parse(std::string_view text) {
  Settings settings;
  std::vector<std::string_view> keys;
  for (;;) {
    std::size_t const begin = text.find_first_not_of(" \t\n");
    if (begin == text.npos) return settings;
    text.remove_prefix(begin);
    std::string_view const word = text.substr(0, text.find_first_of(" \t\n"));
    text.remove_prefix(word.size());
    std::size_t const equals = word.find('=');
    if (equals == word.npos)
      throw std::invalid_argument{fmt::format("MICA_EXPLORE: '{}' is no key=value", word)};
    std::string_view const key = word.substr(0, equals);
    for (std::string_view const known : keys)
      if (known == key) reject(key, word.substr(equals + 1), "the key stands there twice");
    keys.push_back(key);
    set(settings, key, word.substr(equals + 1));
  }
}

Settings Settings::from_environment() {
  try {
    Settings settings = parse(environment("MICA_EXPLORE"));
    settings.replay = environment("MICA_REPLAY");
    settings.reports = environment("MICA_REPORT");
    return settings;
  } catch (std::invalid_argument const& wrong) {
    fmt::print(stderr, "{}\n", wrong.what());
    throw;
  }
}

}  // namespace mica::explore
