#include "explore/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/list.hpp"
#include "explore/detector.hpp"
#include "explore/stage.hpp"
#include "explore/told.hpp"
#include "ps/state.hpp"

namespace mica::explore {

constinit thread_local Recorder* Recorder::living_ = nullptr;
constinit thread_local Recorder* Recorder::watching_ = nullptr;

namespace {

std::uint64_t held_at(std::uintptr_t address, std::size_t bytes) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, reinterpret_cast<void const*>(address), std::min(bytes, sizeof value));
  return value;
}

// Tells the recorder what differs from the plain execution.
class Noting final : public Strategy {
 public:
  Noting(Told& told, Recorder& recorder) noexcept : told_{told}, recorder_{recorder} {}

  [[nodiscard]] bool next_execution() override { return told_.next_execution(); }
  [[nodiscard]] Schedule schedule() const override { return told_.schedule(); }
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    std::uint32_t const choice = told_.choose(kind, candidates);
    if (kind == Choice::gap || !told_.deviated()) return choice;
    recorder_.deviated(kind == Choice::processor   ? "preempted: another processor steps"
                       : kind == Choice::interrupt ? "the interrupt is kept waiting"
                       : kind == Choice::load      ? "the load that follows sees an older store"
                       : kind == Choice::shortage  ? "the allocation finds no memory"
                                                   : "time jumps");
    return choice;
  }

 private:
  Told& told_;
  Recorder& recorder_;
};

}  // namespace

Recorder::Recorder(std::uintptr_t address, std::size_t bytes) noexcept
    : address_{address}, bytes_{bytes} {
  living_ = this;
}

Recorder::~Recorder() {
  living_ = watching_ = nullptr;
}

void Recorder::open(Window const& window) noexcept {
  if (!living_) return;
  living_->window_ = &window;
  watching_ = living_;
}

// Threads that end after the window closed are there still.
void Recorder::close() {
  if (!watching_) return;
  watching_->finish_last();
  watching_->name_things(*watching_->window_);
  watching_ = nullptr;
}

void Recorder::name_things(Window const& window) {
  things_.clear();
  for (Window::Name const& known : window.names())
    things_.push_back({reinterpret_cast<std::uintptr_t>(known.address),
                       known.bytes,
                       fmt::format("'{}'", known.name),
                       {},
                       0});
  ke::Processor const* const block = window.processor();
  if (!block) return;
  things_.push_back({reinterpret_cast<std::uintptr_t>(block->ke),
                     sizeof *block->ke,
                     "the kernel's state",
                     {},
                     0});
  for (ULONG i = 0; i < block->ke->count; ++i)
    things_.push_back({reinterpret_cast<std::uintptr_t>(&block->ke->processors[i]),
                       sizeof block->ke->processors[i],
                       fmt::format("processor {}", i),
                       {},
                       0});
  block->ps->threads.for_each([&](ps::Client& client) {
    _KTHREAD const& thread = MICA_CONTAINING(client, _ETHREAD, client).kernel;
    Agent const agent = Agent::thread(thread.context.id);
    things_.push_back({reinterpret_cast<std::uintptr_t>(&thread), sizeof thread,
                       agent.name() + window.name_of(&thread), agent,
                       reinterpret_cast<std::uintptr_t>(&thread.wait)});
  });
}

// Nobody else has stepped since, so what the memory holds is what the step left.
void Recorder::finish_last() noexcept {
  if (steps_.empty()) return;
  Step& last = steps_.back();
  if (last.address != 0) last.after = held_at(last.address, last.bytes);
}

Step& Recorder::add(Step::Kind kind) {
  finish_last();
  if (steps_.size() == most) steps_.pop_front();
  Machine::Processor const& processor = Machine::current();
  Step& step = steps_.emplace_back();
  step.number = ++number_;
  step.kind = kind;
  step.processor = processor.pcr.Prcb.Number;
  step.level = processor.core.level;
  step.masked = processor.core.masked;
  step.agent = Detector::here().flows().on(step.processor);
  step.stack.take();
  return step;
}

void Recorder::atomic(Step::Kind kind, void const volatile* word, std::size_t bytes, int order) {
  Step& step = add(kind);
  step.order = order;
  if (!word) return;
  step.sequence = Detector::here().accesses() + 1;
  step.address = reinterpret_cast<std::uintptr_t>(word);
  step.bytes = static_cast<unsigned>(bytes);
  step.before = held_at(step.address, bytes);
}

void Recorder::saw(std::uint64_t value) noexcept {
  steps_.back().before = value;
}

void Recorder::plain(void const volatile* address, std::size_t bytes, AccessKind kind) {
  auto const at = reinterpret_cast<std::uintptr_t>(address);
  if (!looks_at(at, bytes)) return;
  Step& step = add(kind.writes ? Step::Kind::write : Step::Kind::read);
  step.sequence = Detector::here().accesses() + 1;
  step.address = at;
  step.bytes = static_cast<unsigned>(bytes);
  step.before = held_at(at, bytes);
}

bool Recorder::looks_at(std::uintptr_t address, std::size_t bytes) const noexcept {
  auto const overlaps = [&](std::uintptr_t other, std::size_t others) {
    return address < other + others && other < address + bytes;
  };
  if (overlaps(address_, bytes_)) return true;
  return std::any_of(
      window_->names().begin(), window_->names().end(), [&](Window::Name const& known) {
        return overlaps(reinterpret_cast<std::uintptr_t>(known.address), known.bytes);
      });
}

void Recorder::level(Step::Kind kind) {
  add(kind);
}

void Recorder::requested(unsigned processor, KIRQL level) {
  Step& step = add(Step::Kind::request);
  step.target = processor;
  step.target_level = level;
}

void Recorder::changed(std::uint64_t to_id) {
  add(Step::Kind::change).target = to_id;
}

void Recorder::deviated(std::string_view note) {
  add(Step::Kind::deviation).note = note;
}

void Recorder::passed(Step::Kind kind, std::string_view note, std::uint64_t place) {
  Step& step = add(kind);
  step.note = note;
  step.target = place;
}

Recording record(Scenario const& scenario, Schedule const& schedule) {
  Recording recording{.processors = scenario.processors,
                      .schedule = schedule,
                      .execution = execute(scenario, schedule),
                      .steps = {},
                      .things = {}};
  auto const& race = recording.execution.race;
  Recorder recorder{race ? race->address : 0, race ? race->bytes : 0};
  auto const inside = replay(schedule, scenario.time_jumps);
  Told told{*inside, scenario.time_jumps};
  Noting noting{told, recorder};
  static_cast<void>(noting.next_execution());
  // A seed's own gaps are part of its execution, and only deviations know what is plain.
  bool const deviations = schedule.kind == Schedule::Kind::steps;
  Stage stage{scenario};
  Execution const again =
      stage.execute(deviations ? noting : static_cast<Strategy&>(*inside));
  if (again.verdict != recording.execution.verdict)
    recording.execution.verdict = Verdict::nondeterminism;
  recording.steps.assign(recorder.steps().begin(), recorder.steps().end());
  recording.things = std::move(recorder.things());
  return recording;
}

}  // namespace mica::explore
