#include "explore/explorer.hpp"

#include <fmt/format.h>

#include <charconv>
#include <unordered_set>

#include "explore/detector.hpp"
#include "hal_host/policy.hpp"

namespace mica::explore {
namespace {

constexpr std::uint64_t step_limit = 2'000'000;
constexpr std::size_t memory_bytes = std::size_t{16} << 20;
constexpr unsigned deepest = 5;

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

// `wanted`: the access whose stack is asked for; 0: none.
Execution execute_with(Scenario const& scenario, Policy& policy, std::uint32_t wanted) {
  Detector& detector = Detector::here();
  detector.prepare(wanted);
  Window window{policy, scenario.races ? &detector : nullptr};
  System system{{.processors = scenario.processors,
                 .policy = &window,
                 .memory_bytes = memory_bytes,
                 .step_limit = step_limit}};
  Outcome outcome = system.try_run([&] { scenario.body(window); });
  return {std::move(outcome), window.schedule(), window.decisions(), std::string{system.log()},
          detector.race()};
}

Execution execute_once(Scenario const& scenario, Schedule const& schedule, std::uint32_t wanted) {
  if (schedule.depth == 0) {
    hal_host::RandomPolicy policy{schedule.seed, scenario.time_jumps};
    return execute_with(scenario, policy, wanted);
  }
  hal_host::PctPolicy policy{schedule.seed, schedule.depth, schedule.length};
  return execute_with(scenario, policy, wanted);
}

Schedule schedule_of(std::uint64_t execution, std::uint32_t length) noexcept {
  if (execution % 2 == 0) return {execution, 0, 0};
  return {execution, 1 + static_cast<unsigned>(execution / 2 % deepest), length};
}

}  // namespace

std::string Schedule::text() const {
  return depth == 0 ? fmt::format("random:{}", seed)
                    : fmt::format("pct{}.{}:{}", depth, length, seed);
}

std::optional<Schedule> Schedule::parse(std::string_view text) {
  Schedule schedule;
  if (take_text(text, "pct")) {
    if (!take_number(text, schedule.depth) || !take_text(text, ".") ||
        !take_number(text, schedule.length))
      return {};
  } else if (!take_text(text, "random")) {
    return {};
  }
  if (!take_text(text, ":") || !take_number(text, schedule.seed) || !text.empty()) return {};
  return schedule;
}

Execution execute(Scenario const& scenario, Schedule const& schedule) {
  Execution execution = execute_once(scenario, schedule, 0);
  if (!execution.race) return execution;
  Race const found = *execution.race;
  execution = execute_once(scenario, schedule, found.first.sequence);
  if (execution.race) execution.race->first = Detector::here().wanted();
  return execution;
}

Report explore(Scenario const& scenario, std::uint64_t wanted) {
  auto const began = std::chrono::steady_clock::now();
  std::unordered_set<std::uint64_t> seen;
  Report report;
  while (seen.size() < wanted && report.executions < 4 * wanted) {
    // The first execution is PCT without a change of priorities: its length does not matter, and is
    // what others use.
    Schedule const schedule = schedule_of(++report.executions, report.length);
    Execution execution = execute(scenario, schedule);
    report.length = std::max(report.length, execution.decisions);
    seen.insert(execution.schedule);
    if (!execution.outcome.completed()) {
      report.failed = schedule;
      report.outcome = std::move(execution.outcome);
      report.log = std::move(execution.log);
      report.race = execution.race;
      break;
    }
  }
  report.distinct = seen.size();
  report.took = std::chrono::steady_clock::now() - began;
  return report;
}

}  // namespace mica::explore
