#include "rig.hpp"

#include <fmt/format.h>

namespace mica::explore {
namespace {

void judge(Explored const& explored) {
  if (explored.failed()) FAIL("execution " << explored.report.executions << "\n" << explored.text);
  SUCCEED();
}

void print(std::string_view how, Subject const& subject, Report const& report) {
  fmt::print("{:<8} {:<20} executions {:>6} distinct {:>6} longest {:>6} milliseconds {:>6}{}\n",
             how, subject.id, report.executions, report.distinct, report.length,
             std::chrono::duration_cast<std::chrono::milliseconds>(report.took).count(),
             report.exhausted ? " exhausted" : "");
}

// Seeded schedules, then what the case can be exhausted by.
std::vector<Plan> own_plans(Case const& what, Settings const& settings) {
  std::uint64_t const each =
      std::max<std::uint64_t>(1, settings.distinct.value_or(200) * what.share_percent / 100);
  std::vector<Plan> plans{
      {.method = Method::seeded, .limits = {.distinct = each, .executions = 4 * each}}};
  if (what.loop_free) plans.push_back({.method = Method::dpor});
  if (what.bound >= 0)
    plans.push_back({.method = Method::bounded, .bound = static_cast<unsigned>(what.bound)});
  return plans;
}

}  // namespace

void try_case(Case const& what, void (*body)(Window& window)) {
  Settings const settings = Settings::from_environment();
  if (settings.list && settings.concerns(what.id)) list(what.id, settings);
  if (settings.list || !settings.concerns(what.id)) {
    SUCCEED("not what the environment asks for");
    return;
  }
  Subject subject{
      .id = what.id,
      .scenario = {.processors = what.processors,
                   .time_jumps = what.time_jumps,
                   .leaks = what.leaks,
                   .shortage = what.shortage,
                   .body = body,
                   .memory = what.memory},
      .loop_free = what.loop_free,
      .bound = what.bound < 0 ? 2 : static_cast<unsigned>(what.bound)};
  subject.meet(settings);
  if (!settings.replay.empty()) return judge(replay(subject, settings));
  bool first = true;
  for (Plan const& plan : plans_of(subject, own_plans(what, settings), settings)) {
    Explored const explored = explore(subject, plan, settings);
    print(first ? "explored" : name_of(plan.method), subject, explored.report);
    judge(explored);
    bool const ends = plan.method == Method::dpor || plan.method == Method::bounded;
    if (ends && settings.unlimited()) CHECK(explored.report.exhausted);
    first = false;
  }
  SUCCEED();
}

}  // namespace mica::explore
