#include "explore/exploring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "explore/checkpoint.hpp"
#include "explore/dpor.hpp"
#include "explore/events.hpp"
#include "explore/minimise.hpp"
#include "explore/report.hpp"

namespace mica::explore {
namespace {

bool by_seeds(Method method) noexcept {
  return method == Method::seeded || method == Method::random || method == Method::pct;
}

bool by_bound(Method method) noexcept {
  return method == Method::bounded || method == Method::portfolio;
}

// Source-DPOR is not divided: one shard has all of an exploration.
bool owns_dpor(Subject const& subject, Shard const& shard) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char const letter : subject.id)
    hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
  return shard.owns(hash);
}

std::unique_ptr<Strategy> strategy_of(Subject const& subject, Plan const& plan,
                                      Settings const& settings) {
  bool const time_jumps = subject.scenario.time_jumps;
  switch (plan.method) {
    case Method::bounded:
      return bounded(plan.bound, time_jumps, settings.shard);
    case Method::depth_first:
      return depth_first(time_jumps, settings.shard);
    case Method::dpor:
      return dpor(time_jumps);
    case Method::portfolio:
      return portfolio(
          {time_jumps,
           subject.loop_free && settings.checkpoint.empty() && owns_dpor(subject, settings.shard),
           plan.bound, plan.seed, settings.shard});
    case Method::seeded:
    case Method::random:
    case Method::pct:
      break;
  }
  return seeded(time_jumps, {plan.method, plan.seed, settings.shard});
}

// All that says which executions there are, and in which order.
std::string identity_of(Subject const& subject, Plan const& plan, Settings const& settings) {
  Scenario const& scenario = subject.scenario;
  return fmt::format(
      "{} {} preemptions {} processors {} memory {} races {} time-jumps {} seed {} shard {}/{}{}{}",
      subject.id, name_of(plan.method), plan.bound, scenario.processors, name_of(scenario.memory),
      scenario.races, scenario.time_jumps, plan.seed, settings.shard.number, settings.shard.count,
      subject.input.empty() ? "" : " ", subject.input);
}

// Tells of progress about twice a second, and keeps it.
class Teller final : public Watcher {
 public:
  Teller(Events const& events, std::string const& id, Checkpoint& checkpoint) noexcept
      : events_{events}, id_{id}, checkpoint_{checkpoint} {}
  void went(Tally const& tally, Strategy const& strategy) override {
    checkpoint_.keep(tally, strategy);
    if (!events_.wanted() || tally.took < next_) return;
    next_ = tally.took + std::chrono::milliseconds{500};
    events_.progress(id_, tally, strategy.reach());
  }

 private:
  Events const& events_;
  std::string const& id_;
  Checkpoint& checkpoint_;
  std::chrono::nanoseconds next_ = std::chrono::milliseconds{500};
};

void tell_failure(Explored& explored, Subject const& subject, Schedule const& schedule,
                  Execution const& execution, Settings const& settings) {
  explored.replay = fmt::format("{}:{}", subject.id, schedule.text());
  if (execution.verdict != Verdict::nondeterminism)
    explored.page = saved(subject, schedule, settings);
  explored.text = fmt::format("{}MICA_REPLAY={}{}{}", execution.text(), explored.replay,
                              explored.page.empty() ? "" : "\nreport: ", explored.page);
}

// The smallest failure of the kind that was found is the one that is told.
void shrink(Explored& explored, Subject const& subject, Settings const& settings) {
  constexpr std::uint64_t executions = 5000, long_ones = 100;
  Report& report = explored.report;
  Verdict const verdict = report.execution.verdict;
  if (verdict != Verdict::nondeterminism) {
    Minimum minimum = minimise(subject.scenario, *report.failed, verdict,
                               verdict == Verdict::livelock ? long_ones : executions);
    report.failed = std::move(minimum.schedule);
    report.execution = std::move(minimum.execution);
  }
  tell_failure(explored, subject, *report.failed, report.execution, settings);
}

void tell_end(Events const& events, Explored const& explored, std::string const& id) {
  auto const told = [](std::string const& text) {
    return text.empty() ? std::nullopt : std::optional{text};
  };
  events.end({.id = id,
              .verdict = name_of(explored.report.execution.verdict),
              .exhausted = explored.report.exhausted,
              .replay = told(explored.replay),
              .report = told(explored.page),
              .text = explored.text},
             explored.report);
}

void skip(Subject const& subject, Settings const& settings, std::string_view why) {
  Events{settings.progress}.end(
      {.id = subject.id, .verdict = "skipped", .replay = {}, .report = {}, .text = why}, {});
}

Limits limits_of(Plan const& plan, Settings const& settings) noexcept {
  Limits limits = plan.limits;
  limits.time = std::min(limits.time, settings.time);
  if (by_seeds(plan.method)) {
    if (settings.unlimited()) return limits;
    limits.executions = settings.distinct ? limits.executions : UINT64_MAX;
    limits.distinct = settings.distinct ? limits.distinct : UINT64_MAX;
  }
  limits.executions = std::min(limits.executions, settings.executions);
  return limits;
}

}  // namespace

void Subject::meet(Settings const& settings) noexcept {
  scenario.memory = settings.memory.value_or(scenario.memory);
  scenario.races = settings.races.value_or(scenario.races);
}

void list(std::string_view id, Settings const& settings) {
  Events const events{settings.progress};
  fmt::print("{}\n", id);
  events.listed(id);
}

std::vector<Plan> plans_of(Subject const& subject, std::vector<Plan> plans,
                           Settings const& settings) {
  if (settings.method || settings.preemptions) {
    Plan plan{settings.method.value_or(Method::bounded),
              settings.preemptions.value_or(subject.bound),
              {}};
    if (by_seeds(plan.method)) {
      std::uint64_t const distinct = settings.distinct.value_or(200);
      plan.limits = {.distinct = distinct, .executions = 4 * distinct};
    }
    if (plan.method == Method::dpor && !subject.loop_free) {
      skip(subject, settings, "source-DPOR does not come to its end: it is not marked loop_free");
      return {};
    }
    plans = {plan};
  }
  if (!owns_dpor(subject, settings.shard))
    std::erase_if(plans, [](Plan const& plan) { return plan.method == Method::dpor; });
  if (plans.empty()) skip(subject, settings, "source-DPOR of it is another shard's");
  for (Plan& plan : plans) {
    plan.limits = limits_of(plan, settings);
    plan.seed = settings.seed.value_or(plan.seed);
    if (!settings.checkpoint.empty())
      plan.checkpoint = &plan == plans.data()
                            ? settings.checkpoint
                            : fmt::format("{}.{}", settings.checkpoint, name_of(plan.method));
  }
  return plans;
}

Explored explore(Subject const& subject, Plan const& plan, Settings const& settings) {
  Events const events{settings.progress};
  bool const seeds = by_seeds(plan.method) || plan.method == Method::portfolio;
  events.begin({.id = subject.id,
                .strategy = name_of(plan.method),
                .processors = subject.scenario.processors,
                .preemptions = by_bound(plan.method) ? std::optional{plan.bound} : std::nullopt,
                .memory = name_of(subject.scenario.memory),
                .shard = settings.shard,
                .seed = seeds ? std::optional{plan.seed} : std::nullopt});
  Checkpoint checkpoint{plan.checkpoint, identity_of(subject, plan, settings)};
  Teller teller{events, subject.id, checkpoint};
  auto const strategy = strategy_of(subject, plan, settings);
  Tally so_far = checkpoint.load(*strategy).value_or(Tally{});
  Explored explored{
      explore(subject.scenario, *strategy, plan.limits, &teller, std::move(so_far)), {}, {}, {}};
  if (!explored.failed()) checkpoint.save(explored.report, *strategy);
  if (explored.failed()) shrink(explored, subject, settings);
  tell_end(events, explored, subject.id);
  return explored;
}

Explored replay(Subject const& subject, Settings const& settings) {
  auto const schedule = Schedule::parse(settings.replayed());
  if (!schedule)
    throw std::invalid_argument{
        fmt::format("MICA_REPLAY: '{}' names no schedule", settings.replay)};
  Events const events{settings.progress};
  events.begin({.id = subject.id,
                .strategy = "replay",
                .processors = subject.scenario.processors,
                .preemptions = {},
                .memory = name_of(subject.scenario.memory),
                .shard = {},
                .seed = {}});
  Explored explored;
  explored.report.scenario = subject.scenario;
  explored.report.execution = execute(subject.scenario, *schedule);
  explored.report.add(explored.report.execution);
  explored.report.distinct = 1;
  if (explored.report.execution.verdict != Verdict::passed) {
    explored.report.failed = *schedule;
    tell_failure(explored, subject, *schedule, explored.report.execution, settings);
  }
  tell_end(events, explored, subject.id);
  return explored;
}

std::string saved(Subject const& subject, Schedule const& schedule, Settings const& settings) {
  if (settings.reports.empty()) return {};
  std::string page = write_reports(tell(record(subject.scenario, schedule), subject.id),
                                   settings.reports, subject.id);
  if (page.empty())
    throw std::invalid_argument{
        fmt::format("MICA_REPORT: nothing can be written to '{}'", settings.reports)};
  return page;
}

}  // namespace mica::explore
