#include "explore/execution.hpp"

#include <fmt/format.h>

#include "explore/detector.hpp"
#include "explore/recorder.hpp"
#include "explore/waits.hpp"

namespace mica::explore {
namespace {

constexpr std::uint64_t step_limit = 2'000'000;
constexpr std::size_t memory_bytes = std::size_t{16} << 20;

Verdict verdict_of(Outcome::Kind kind, bool race) noexcept {
  switch (kind) {
    case Outcome::Kind::completed:
      return Verdict::passed;
    case Outcome::Kind::bugcheck:
      return Verdict::bugcheck;
    case Outcome::Kind::deadlock:
      return Verdict::deadlock;
    case Outcome::Kind::step_limit:
      return Verdict::livelock;
    case Outcome::Kind::failed_checks:
      return Verdict::assertion;
    case Outcome::Kind::memory_limit:
      return Verdict::memory;
    case Outcome::Kind::fault:
      break;
  }
  return race ? Verdict::race : Verdict::fault;
}

// `wanted`: the access whose stack is asked for; 0: none.
Execution execute(Scenario const& scenario, Strategy& strategy, std::uint32_t wanted) {
  Detector& detector = Detector::here();
  detector.prepare(wanted);
  Window window{strategy, scenario.races ? &detector : nullptr};
  System system{{.processors = scenario.processors,
                 .policy = &window,
                 .memory_bytes = memory_bytes,
                 .step_limit = step_limit}};
  Execution execution;
  execution.outcome = system.try_run([&] { scenario.body(window); });
  execution.verdict = verdict_of(execution.outcome.kind(), detector.race().has_value());
  execution.fingerprint = window.fingerprint();
  execution.decisions = window.decisions();
  execution.steps = system.steps();
  execution.log = system.log();
  execution.race = detector.race();
  if (execution.verdict == Verdict::deadlock) execution.waits = who_waits(window);
  Recorder::close();
  return execution;
}

}  // namespace

std::string_view name_of(Verdict verdict) noexcept {
  static constexpr std::string_view names[] = {"passed",   "assertion", "race",
                                               "deadlock", "livelock",  "bugcheck",
                                               "fault",    "memory",    "nondeterminism"};
  return names[static_cast<unsigned>(verdict)];
}

std::string Execution::text() const {
  return fmt::format("{}verdict: {}\n{}\n{}{}", log, name_of(verdict), outcome.report(),
                     race ? race->text() : "", waits);
}

Execution execute(Scenario const& scenario, Strategy& strategy) {
  return execute(scenario, strategy, 0);
}

Execution execute(Scenario const& scenario, Schedule const& schedule) {
  auto const begun = [&] {
    auto strategy = replay(schedule, scenario.time_jumps);
    static_cast<void>(strategy->next_execution());
    return strategy;
  };
  Execution execution = execute(scenario, *begun(), 0);
  if (!execution.race) return execution;
  Execution again = execute(scenario, *begun(), execution.race->first.sequence);
  if (!again.same_as(execution)) {
    again.verdict = Verdict::nondeterminism;
    return again;
  }
  again.race->first = Detector::here().wanted();
  return again;
}

}  // namespace mica::explore
