#include "explore/stage.hpp"

#include "explore/books.hpp"
#include "explore/detector.hpp"
#include "explore/memory.hpp"
#include "explore/recorder.hpp"
#include "explore/snapshot.hpp"
#include "explore/waits.hpp"
#include "harness/kernel.hpp"

namespace mica::explore {
namespace {

using hal_host::End;
using hal_host::Ending;

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

}  // namespace

// One System and the window into it.
class Stage::Scene {
 public:
  explicit Scene(Scenario const& scenario)
      : scenario_{scenario},
        detector_{Detector::here()},
        window_{scenario.races ? &detector_ : nullptr, scenario.shortage, scenario.points},
        kernel_{{.processors = scenario.processors,
                 .policy = &window_,
                 .memory_bytes = memory_bytes,
                 .step_limit = step_limit,
                 .options = scenario.options}} {
    if (scenario.images) kernel_.fault_signals.emplace();
  }

  // Whether another execution can be made here.
  [[nodiscard]] bool again() const noexcept { return snapshot_.taken() && snapshot_.whole(); }

  [[nodiscard]] Execution execute(Strategy& strategy, std::uint32_t wanted) {
    detector_.prepare(wanted);
    Memory::here().prepare(scenario_.memory, scenario_.memory_flaw);
    window_.begin(strategy);
    Snapshot::Hearing const hearing{snapshot_};
    Ending const ending = snapshot_.taken() ? replay() : begin();
    window_.end();
    return judge(ending);
  }

 private:
  Ending begin() {
    Ending const ending = kernel_.perform(
        [](void* scene) {
          auto& here = *static_cast<Scene*>(scene);
          if (here.scenario_.leaks) here.books_.open(here.kernel_.state->mm);
          here.scenario_.body(here.window_);
          here.kernel_.job.done = true;
          here.kernel_.simulation->end({End::quiet, {}, ""});
        },
        this);
    if (ending.end != End::paused) return ending;
    if (scenario_.resumes) snapshot_.take(*kernel_.simulation);
    flows_ = detector_.flows();
    return kernel_.simulation->run();
  }

  Ending replay() {
    snapshot_.restore();
    detector_.flows() = flows_;
    kernel_.rewind();
    return kernel_.simulation->run();
  }

  // Most executions pass: of those nobody reads a report.
  [[nodiscard]] bool passed(Ending const& ending) const noexcept {
    return ending.end == End::quiet && kernel_.job.done && kernel_.job.escaped.empty() &&
           kernel_.failures.empty();
  }

  [[nodiscard]] Execution judge(Ending const& ending) {
    Execution execution;
    if (!passed(ending)) {
      execution.outcome = kernel_.conclude(ending);
      execution.verdict = verdict_of(execution.outcome.kind(), detector_.race().has_value());
      execution.log = kernel_.simulation ? kernel_.simulation->log() : std::string{};
      execution.race = detector_.race();
      if (execution.verdict == Verdict::deadlock) execution.waits = who_waits(window_);
      if (scenario_.tells) execution.told = scenario_.tells();
    }
    if (execution.verdict == Verdict::passed && scenario_.leaks) {
      execution.leaks = books_.left(kernel_.state->mm);
      if (!execution.leaks.empty()) execution.verdict = Verdict::leak;
    }
    execution.fingerprint = window_.fingerprint();
    execution.decisions = window_.decisions();
    execution.switches = window_.switches();
    execution.points = window_.points();
    execution.state = window_.state();
    execution.steps = kernel_.simulation ? kernel_.simulation->steps() : 0;
    return execution;
  }

  Scenario const& scenario_;
  Detector& detector_;
  Window window_;
  System::Kernel kernel_;
  Snapshot snapshot_;
  Books books_;
  Flows flows_;  // when the window opened
};

Stage::Stage(Scenario scenario) : scenario_{std::move(scenario)} {}
Stage::~Stage() = default;

void Stage::clear() noexcept {
  scene_.reset();
}

Execution Stage::execute(Strategy& strategy, std::uint32_t wanted) {
  if (scene_ && !(scenario_.resumes && scene_->again())) scene_.reset();
  if (!scene_) scene_ = std::make_unique<Scene>(scenario_);
  return scene_->execute(strategy, wanted);
}

}  // namespace mica::explore
