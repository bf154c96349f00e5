#include "find.hpp"

#include <fmt/format.h>

#include "explore/dpor.hpp"
#include "explore/minimise.hpp"

namespace mica::explore {
namespace {

constexpr std::uint64_t patience = 200'000;
constexpr unsigned deepest = 3;

Report found_by(Scenario const& scenario, Strategy& strategy, Verdict verdict) {
  Report report = explore(scenario, strategy, {.executions = patience});
  INFO(report.execution.text());
  REQUIRE(report.failed.has_value());
  REQUIRE(name_of(report.execution.verdict) == name_of(verdict));
  return report;
}

// How many preemptions it takes, by a schedule that a person can paste.
unsigned deviations(Scenario const& scenario, Schedule const& failed, Verdict verdict) {
  Minimum const minimum = minimise(scenario, failed, verdict, 5000);
  auto const pasted = Schedule::parse(minimum.schedule.text());
  REQUIRE(pasted.has_value());
  CHECK(name_of(execute(scenario, *pasted).verdict) == name_of(verdict));
  return minimum.deviations;
}

void check_mended(Published const& what, Scenario const& scenario) {
  auto const strategy =
      what.bound < 0 ? dpor(false) : bounded(static_cast<unsigned>(what.bound), false);
  Report const report = explore(scenario, *strategy, {});
  INFO(report.execution.text());
  CHECK_FALSE(report.failed.has_value());
  CHECK(report.exhausted);
  fmt::print("mended   {:<20} executions {:>6} distinct {:>6}\n", what.id, report.executions,
             report.distinct);
}

}  // namespace

void try_published(Published const& what, void (*broken)(Window& window),
                   void (*mended)(Window& window)) {
  Scenario const scenario{.processors = what.processors, .body = broken};
  Report const by_seeds = found_by(scenario, *seeded(false), what.verdict);
  Report const by_bound = found_by(scenario, *bounded(deepest, false), what.verdict);
  std::string by_dpor = "-";
  if (what.loop_free)
    by_dpor = std::to_string(found_by(scenario, *dpor(false), what.verdict).executions);
  fmt::print("| {} | {} | [{}]({}) | {} | {} | {} | {} | {} |\n", what.system, what.bug,
             what.described, what.address, name_of(what.verdict), by_seeds.executions,
             by_bound.executions, by_dpor, deviations(scenario, *by_seeds.failed, what.verdict));
  check_mended(what, {.processors = what.processors, .body = mended});
}

}  // namespace mica::explore
