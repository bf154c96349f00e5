#include "explore/execution.hpp"

#include <fmt/format.h>

#include "explore/detector.hpp"
#include "explore/stage.hpp"

namespace mica::explore {

std::string_view name_of(Verdict verdict) noexcept {
  static constexpr std::string_view names[] = {"passed",   "assertion", "race",
                                               "deadlock", "livelock",  "bugcheck",
                                               "fault",    "leak",      "memory",
                                               "nondeterminism"};
  return names[static_cast<unsigned>(verdict)];
}

std::string Execution::text() const {
  return fmt::format("{}verdict: {}\n{}\n{}{}{}{}", log, name_of(verdict), outcome.report(),
                     race ? race->text() : "", told, waits, leaks);
}

Execution execute(Scenario const& scenario, Schedule const& schedule) {
  auto const again = [&](std::uint32_t wanted) {
    auto const strategy = replay(schedule, scenario.time_jumps);
    static_cast<void>(strategy->next_execution());
    return Stage{scenario}.execute(*strategy, wanted);
  };
  Execution const execution = again(0);
  if (!execution.race) return execution;
  Execution located = again(execution.race->first.sequence);
  if (!located.same_as(execution)) {
    located.verdict = Verdict::nondeterminism;
    return located;
  }
  located.race->first = Detector::here().wanted();
  return located;
}

}  // namespace mica::explore
