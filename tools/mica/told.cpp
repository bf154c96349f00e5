// Results as a line and as JSON.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "results.hpp"

namespace mica::tool {
namespace {

std::string how(Exploration const& exploration) {
  if (!exploration.preemptions) return exploration.strategy;
  return fmt::format("{}-{}", exploration.strategy, *exploration.preemptions);
}

template <class Value>
nlohmann::ordered_json maybe(std::optional<Value> const& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

}  // namespace

std::string line_of(Exploration const& exploration) {
  if (exploration.skipped)
    return fmt::format("{:<24} skipped: {}", exploration.name, *exploration.skipped);
  Counts const sum = exploration.sum();
  std::string end = exploration.verdict();
  if (end == "passed" && exploration.exhausted()) end = "exhausted";
  return fmt::format("{:<24} {:<12} executions {:>8} distinct {:>8} longest {:>5} {:>8.2f} s  {}",
                     exploration.name, how(exploration), sum.executions, sum.distinct, sum.longest,
                     sum.seconds, end);
}

nlohmann::ordered_json json_of(Exploration const& exploration) {
  Counts const sum = exploration.sum();
  nlohmann::ordered_json result = {
      {"name", exploration.name},
      {"strategy", exploration.strategy},
      {"preemptions", maybe(exploration.preemptions)},
      {"memory", exploration.memory},
      {"processors", exploration.processors},
      {"seed", maybe(exploration.seed)},
      {"verdict", exploration.verdict()},
      {"exhausted", exploration.exhausted()},
      {"executions", sum.executions},
      {"distinct", sum.distinct},
      {"final_states", maybe(sum.final_states)},
      {"longest", sum.longest},
      {"points", sum.points},
      {"switches", sum.switches},
      {"seconds", sum.seconds},
      {"parts", nlohmann::ordered_json::array()},
  };
  for (Part const& part : exploration.parts) {
    result["parts"].push_back({{"shard", part.shard.text()},
                               {"ended", part.ended},
                               {"exhausted", part.exhausted},
                               {"executions", part.counts.executions},
                               {"distinct", part.counts.distinct}});
  }
  if (exploration.skipped) result["text"] = *exploration.skipped;
  if (exploration.failure) {
    result["replay"] = exploration.failure->replay;
    result["report"] = exploration.failure->report;
    result["text"] = exploration.failure->text;
  }
  return result;
}

}  // namespace mica::tool
