#include "results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "wrong.hpp"

namespace mica::tool {
namespace {

template <class Value>
std::optional<Value> maybe(nlohmann::json const& event, char const* key) {
  auto const found = event.find(key);
  if (found == event.end() || found->is_null()) return {};
  return found->get<Value>();
}

template <class Value>
void update(Value& value, nlohmann::json const& event, char const* key) {
  if (auto const told = maybe<Value>(event, key)) value = *told;
}

void update(Counts& counts, nlohmann::json const& event) {
  update(counts.executions, event, "executions");
  update(counts.distinct, event, "distinct");
  update(counts.points, event, "points");
  update(counts.switches, event, "switches");
  update(counts.longest, event, "longest");
  update(counts.depth, event, "depth");
  update(counts.seconds, event, "seconds");
  counts.final_states = maybe<std::uint64_t>(event, "final_states");
  counts.left = maybe<double>(event, "left");
}

// As many characters of a line as tell which one it is.
std::string beginning(std::string const& line) {
  constexpr std::size_t most = 60;
  return line.size() <= most ? line : line.substr(0, most) + "...";
}

}  // namespace

std::string Shard::text() const {
  return fmt::format("{}/{}", number, count);
}

Counts Exploration::sum() const {
  Counts sum;
  for (Part const& part : parts) {
    sum.executions += part.counts.executions;
    sum.distinct += part.counts.distinct;
    sum.points += part.counts.points;
    sum.switches += part.counts.switches;
    sum.seconds += part.counts.seconds;
    sum.longest = std::max(sum.longest, part.counts.longest);
    sum.depth = std::max(sum.depth, part.counts.depth);
    sum.final_states = std::max(sum.final_states, part.counts.final_states);
    if (part.counts.left) sum.left = sum.left.value_or(0) + *part.counts.left;
  }
  return sum;
}

bool Exploration::ended() const {
  return std::ranges::all_of(parts, &Part::ended);
}
bool Exploration::exhausted() const {
  return std::ranges::all_of(parts, &Part::exhausted);
}

std::string Exploration::verdict() const {
  if (failure) return failure->verdict;
  if (skipped) return "skipped";
  return ended() ? "passed" : "stopped";
}

Part const* Exploration::part(Job const& job) const {
  auto const found = std::ranges::find_if(
      parts, [&](Part const& part) { return part.shard.number == job.shard.number; });
  return name == job.name && found != parts.end() ? &*found : nullptr;
}

std::pair<Exploration*, Part*> Results::open_part(Job const& job) {
  for (Exploration& exploration : explorations_)
    if (exploration.name == job.name)
      for (Part& part : exploration.parts)
        if (part.shard.number == job.shard.number && !part.ended) return {&exploration, &part};
  return {};
}

void Results::begin(Job const& job, nlohmann::json const& event) {
  auto const strategy = event.at("strategy").get<std::string>();
  auto const same = [&](Exploration const& other) {
    return other.name == job.name && other.strategy == strategy &&
           other.preemptions == maybe<unsigned>(event, "preemptions");
  };
  auto found = std::ranges::find_if(explorations_, same);
  if (found == explorations_.end()) {
    Exploration added;
    added.name = job.name;
    added.strategy = strategy;
    added.memory = event.value("memory", "sequential");
    added.processors = event.at("processors").get<unsigned>();
    added.preemptions = maybe<unsigned>(event, "preemptions");
    added.seed = maybe<std::uint64_t>(event, "seed");
    found = explorations_.insert(explorations_.end(), std::move(added));
  }
  found->parts.push_back({.shard = job.shard, .counts = {}});
}

void Results::skip(Job const& job, nlohmann::json const& event) {
  Exploration skipped;
  skipped.name = job.name;
  skipped.skipped = event.at("text").get<std::string>();
  skipped.parts.push_back({.shard = job.shard, .counts = {}, .ended = true});
  explorations_.push_back(std::move(skipped));
}

void Results::take(Job const& job, std::string const& line) try {
  nlohmann::json const event = nlohmann::json::parse(line);
  auto const kind = event.at("event").get<std::string>();
  if (event.at("name").get<std::string>() != job.name)
    throw Broken{fmt::format("of another exploration than {}: {}", job.name, beginning(line))};
  auto const [exploration, part] = open_part(job);
  if (kind == "begin") {
    if (part) throw Broken{fmt::format("begins {} within itself", job.name)};
    return begin(job, event);
  }
  if (!part && kind == "end" && event.at("verdict") == "skipped") return skip(job, event);
  if (!part) throw Broken{fmt::format("{} comes before it began: {}", job.name, beginning(line))};
  update(part->counts, event);
  if (kind == "progress") return;
  if (kind != "end") throw Broken{fmt::format("{}: unknown event: {}", job.name, beginning(line))};
  part->ended = true;
  part->exhausted = event.at("exhausted").get<bool>();
  auto const verdict = event.at("verdict").get<std::string>();
  if (verdict == "passed" || exploration->failure) return;
  exploration->failure =
      Failure{verdict, maybe<std::string>(event, "replay").value_or(""),
              maybe<std::string>(event, "report").value_or(""), event.at("text")};
} catch (nlohmann::json::exception const&) {
  throw Broken{fmt::format("{}: no event: {}", job.name, beginning(line))};
}

std::string listed_name(std::string const& line) try {
  nlohmann::json const event = nlohmann::json::parse(line);
  if (event.at("event") != "listed") throw Broken{"no name: " + beginning(line)};
  return event.at("name").get<std::string>();
} catch (nlohmann::json::exception const&) {
  throw Broken{"no name: " + beginning(line)};
}

bool Results::knows(Job const& job) const {
  return std::ranges::any_of(explorations_,
                             [&](auto const& exploration) { return exploration.part(job); });
}

bool Results::complete(Job const& job) const {
  return knows(job) && std::ranges::all_of(explorations_, [&](auto const& exploration) {
           Part const* const part = exploration.part(job);
           return !part || part->ended;
         });
}

bool Results::failed(std::string const& name) const {
  return std::ranges::any_of(explorations_, [&](Exploration const& exploration) {
    return exploration.name == name && exploration.failure;
  });
}

std::vector<Exploration const*> Results::of(std::string const& name) const {
  std::vector<Exploration const*> result;
  for (Exploration const& exploration : explorations_)
    if (exploration.name == name) result.push_back(&exploration);
  auto const skipped = [](Exploration const* each) { return each->skipped.has_value(); };
  if (!std::ranges::all_of(result, skipped))
    std::erase_if(result, skipped);
  else if (!result.empty())
    result.erase(std::next(result.begin()), result.end());
  return result;
}

std::vector<Exploration const*> Results::all() const {
  std::vector<Exploration const*> result;
  for (std::string const& name : names_) std::ranges::copy(of(name), std::back_inserter(result));
  return result;
}

}  // namespace mica::tool
