// The public face: mica/explore.hpp.
#include <nt/ex.h>
#include <mica/exploration.hpp>

#include <fmt/format.h>

#include <filesystem>

#include "explore/exploring.hpp"
#include "explore/threads.hpp"

namespace mica {
using explore::Method;

namespace {

constexpr ULONG tag_explore = 'lpxE';
constexpr std::uint64_t usual_executions = 10'000;

[[noreturn]] void refuse(char const* why) {
  throw std::length_error{why};
}

}  // namespace

// Everything that is made stands in blocks of the System's pool, so that nothing of an execution is
// in the host's heap. A block begins with a Made.
struct Exploration::Parts {
  struct alignas(16) Made {
    Made* before;
    Call destroy;
  };
  struct Final {
    Call call;
    void* argument;
  };
  static constexpr int most = 16;

  explicit Parts(explore::Window& given) noexcept : window{given}, team{given} {}
  ~Parts() {
    while (last != nullptr) {
      Made* const made = std::exchange(last, last->before);
      if (made->destroy != nullptr) made->destroy(made + 1);
      ExFreePoolWithTag(made, tag_explore);
    }
  }
  Parts(Parts const&) = delete;
  Parts& operator=(Parts const&) = delete;

  explore::Window& window;
  Made* last = nullptr;
  Final finals[most] = {};
  int count = 0;
  bool ran = false;
  explore::Team team;  // its threads end before what they use
};

void* Exploration::allocate(std::size_t bytes, Call destroy) {
  auto* const made = static_cast<Parts::Made*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Parts::Made) + bytes, tag_explore));
  if (made == nullptr) throw std::bad_alloc{};
  *made = {parts_.last, destroy};
  parts_.last = made;
  return made + 1;
}

void Exploration::add(char const* named, ExploreThread options, Call call, void* argument) {
  if (parts_.ran) refuse("an exploration's threads are added before it runs");
  if (parts_.team.count() == explore::Team::most) refuse("an exploration has at most 8 threads");
  parts_.team.add(call, argument, {options.processor, options.priority, options.finishes});
  parts_.window.name(parts_.team.thread(parts_.team.count() - 1), named);
}

void Exploration::add(char const* named, ExploreDpc options, Call call, void* argument) {
  if (parts_.ran) refuse("an exploration's DPCs are added before it runs");
  if (parts_.team.dpcs() == explore::Team::most) refuse("an exploration has at most 8 DPCs");
  parts_.team.add_dpc(call, argument, options.processor);
  parts_.window.name(parts_.team.dpc(parts_.team.dpcs() - 1), named);
}

void Exploration::at_end(Call call, void* argument) {
  if (parts_.ran) return call(argument);
  if (parts_.count == Parts::most) refuse("an exploration has at most 16 calls of finally()");
  parts_.finals[parts_.count++] = {call, argument};
}

void Exploration::call_it(void const* address, std::size_t bytes, char const* named) {
  parts_.window.name(address, bytes, named);
}

void Exploration::run() {
  if (std::exchange(parts_.ran, true)) return;
  parts_.team.run();
  for (int i = 0; i < parts_.count; ++i) parts_.finals[i].call(parts_.finals[i].argument);
}

void Exploration::state(std::uint64_t value) noexcept {
  parts_.window.state(value);
}

std::uint32_t Exploration::random(std::uint32_t bound) noexcept {
  return parts_.window.random(bound);
}

namespace {

explore::Plan plan_of(ExploreConfig const& config) {
  explore::Plan plan;
  plan.method = config.strategy      ? static_cast<Method>(*config.strategy)
                : config.preemptions ? Method::bounded
                                     : Method::portfolio;
  plan.bound = config.preemptions.value_or(2);
  bool const ends = plan.method == Method::bounded || plan.method == Method::dpor ||
                    plan.method == Method::depth_first;
  plan.limits.executions = config.executions != 0 ? config.executions
                           : ends                 ? UINT64_MAX
                                                  : usual_executions;
  plan.limits.time = config.time;
  plan.seed = config.seed;
  return plan;
}

explore::Subject subject_of(ExploreConfig const& config,
                            std::function<void(Exploration&)> const& body, std::string name,
                            bool instrumented) {
  explore::Subject subject;
  subject.id = std::move(name);
  subject.scenario.processors = config.processors;
  subject.scenario.time_jumps = config.time_jumps;
  subject.scenario.races = config.races;
  subject.scenario.leaks = config.leaks;
  subject.scenario.shortage = config.shortage;
  subject.scenario.resumes = instrumented;
  subject.scenario.body = [&body](explore::Window& window) {
    Exploration::Parts parts{window};
    Exploration exploration{parts};
    body(exploration);
    exploration.run();
  };
  subject.loop_free = config.loop_free;
  subject.bound = config.preemptions.value_or(2);
  return subject;
}

ExploreResult result_of(explore::Explored const& explored) {
  explore::Report const& report = explored.report;
  if (report.execution.verdict != explore::Verdict::passed)
    throw ExplorationFailed{explored.text, std::string{name_of(report.execution.verdict)},
                            "MICA_REPLAY=" + explored.replay, explored.page};
  return {.executions = report.executions,
          .distinct = report.distinct,
          .final_states = report.final_states(),
          .exhausted = report.exhausted};
}

}  // namespace

ExploreResult run_exploration(ExploreConfig const& config,
                              std::function<void(Exploration& exploration)> const& body,
                              char const* file, int line, bool instrumented) {
  ExploreResult skipped;
  skipped.skipped = true;
  auto settings = explore::Settings::from_environment();
  std::string name = config.name;
  if (name.empty()) name = fmt::format("{}-{}", std::filesystem::path{file}.stem().string(), line);
  if (settings.list && settings.concerns(name)) explore::list(name, settings);
  if (settings.list || !settings.concerns(name)) return skipped;
  if (settings.reports.empty()) settings.reports = config.reports;
  explore::Subject subject = subject_of(config, body, std::move(name), instrumented);
  subject.meet(settings);
  if (!settings.replay.empty()) return result_of(explore::replay(subject, settings));
  auto const plans = explore::plans_of(subject, {plan_of(config)}, settings);
  if (plans.empty()) return skipped;
  return result_of(explore::explore(subject, plans.front(), settings));
}

}  // namespace mica
