#include "explore/dpor.hpp"

#include <bit>
#include <utility>

#include "explore/candidates.hpp"
#include "explore/hint.hpp"
#include "explore/path.hpp"
#include "explore/plain.hpp"
#include "explore/reversal.hpp"

namespace mica::explore {
namespace {

class Dpor final : public Strategy, private Listener {
 public:
  Dpor(bool time_jumps, DporFlaw flaw) noexcept
      : time_jumps_{time_jumps}, flaw_{flaw}, order_{flaw == DporFlaw::blind_reads} {}

  [[nodiscard]] bool next_execution() override {
    if (begun_) learn();
    while (begun_ && !path_.empty() && !path_.back().turn()) path_.pop_back();
    bool const more = !begun_ || !path_.empty();
    begun_ = true;
    fresh_ = path_.empty() ? 0 : path_.size() - 1;
    steps_.clear();
    stuck_.clear();
    deviations_.clear();
    asked_ = 0;
    plain_.begin();
    redundant_ = jumped_ = decided_ = false;
    for (Hint& hint : hints_) hint = {};
    hear();
    return more;
  }
  [[nodiscard]] Schedule schedule() const override { return Schedule::steps(deviations_); }
  // No more than what is known by now must be made.
  [[nodiscard]] Reach reach() const override {
    double left = 0, size = 1;
    for (std::size_t at = path_.size(); at-- > 0;) {
      Node const& node = path_[at];
      for (std::size_t i = node.values.size(); i-- > 0;) {
        left += node.values[i].untried() * size;
        size *= node.values[i].count;
      }
      left += std::popcount(node.wanted & ~node.sleeping() & ~bit(node.process)) * size;
      size *= std::popcount(node.wanted);
    }
    return {static_cast<std::uint32_t>(steps_.size()), left};
  }
  void opened() noexcept override {
    open_ = true;
    for (Hint& hint : hints_)
      if (hint.phase == Hint::Phase::tries) hint.phase = Hint::Phase::none;
  }
  void closed() noexcept override { open_ = false; }

  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    switch (kind) {
      case Choice::gap:
        return 0;
      case Choice::time:
        return time_jumps_ ? answer(kind, candidates, choose_time(candidates)) : 0;
      case Choice::processor:
        return answer(kind, candidates, choose_processor(candidates));
      case Choice::interrupt:
      case Choice::value:
      case Choice::load:
      case Choice::shortage:
        break;
    }
    return answer(kind, candidates, choose_value(plain_.judge(kind, candidates).plain, candidates));
  }

 private:
  [[nodiscard]] std::uint32_t able(Candidates const& candidates);
  void time_could_jump();
  [[nodiscard]] std::uint32_t choose_time(Candidates const& candidates) noexcept;
  [[nodiscard]] std::uint32_t choose_processor(Candidates const& candidates) noexcept;
  [[nodiscard]] std::uint32_t choose_value(std::uint32_t plain,
                                           Candidates const& candidates) noexcept;
  std::uint32_t answer(Choice kind, Candidates const& candidates, std::uint32_t choice) noexcept;
  [[nodiscard]] std::uint32_t holds() const noexcept;
  [[nodiscard]] bool in_step();
  [[nodiscard]] bool begin(std::uint32_t enabled, unsigned preferred);
  [[nodiscard]] bool grow(std::uint32_t enabled, unsigned preferred);
  void learn();

  void accessed(void const volatile* address, std::size_t bytes, bool writes,
                bool atomic) override {
    if (!open_) return;
    if (atomic) hints_[Machine::processor_number()].phase = Hint::Phase::none;
    if (in_step()) steps_.back().footprint.add(address, bytes, writes);
  }
  void requested(unsigned processor, KIRQL level) override {
    if (!open_ || !in_step()) return;
    steps_.back().footprint.add_request(processor, level);
    if (level == hal_host::clock_level) steps_.back().footprint.add_due(processor);
  }
  void fired(std::uint32_t processors, bool nobody_steps) override;
  void times(bool passes) override {
    if (open_ && in_step()) steps_.back().footprint.add_time(passes);
  }
  void interrupted() noexcept override {
    hints_[Machine::processor_number()].phase = Hint::Phase::none;
  }
  void awaits(hal_host::Guard const& guard) override {
    hints_[Machine::processor_number()] = {Hint::Phase::waits, guard, Machine::current().core.seat};
  }
  void awaited() override {
    Hint& hint = hints_[Machine::processor_number()];
    if (hint.phase != Hint::Phase::waits) return;
    hint.phase = Hint::Phase::tries;
    if (open_ && in_step()) steps_.back().footprint.add(hint.guard.word, hint.guard.bytes, false);
  }

  bool time_jumps_;
  DporFlaw flaw_;
  Order order_;
  bool begun_ = false;
  std::vector<Node> path_;
  std::size_t fresh_ = 0;  // the first node whose step is another one than in the execution before

  // Of this execution:
  bool open_ = false;
  bool redundant_ = false;  // all that could step slept: an equal execution was made
  bool jumped_ = false;     // time did
  bool decided_ = false;    // who makes the step that has just begun, before that is asked
  std::vector<Transition> steps_;
  std::vector<Stuck> stuck_;
  std::size_t values_ = 0;  // asked in the last step
  Hint hints_[hal_host::max_processors];
  std::vector<Deviation> deviations_;
  std::uint32_t asked_ = 0;
  PlainAnswers plain_;
};

std::uint32_t Dpor::answer(Choice kind, Candidates const& candidates,
                           std::uint32_t choice) noexcept {
  if (choice != plain_.judge(kind, candidates).plain) deviations_.push_back({asked_, choice});
  ++asked_;
  plain_.answered(kind, candidates, choice);
  return choice;
}

std::uint32_t Dpor::holds() const noexcept {
  std::uint32_t mask = 0;
  for (unsigned i = 0; i < hal_host::max_processors; ++i)
    if (hints_[i].holds()) mask |= bit(i);
  return mask;
}

// Who can make a step; who stands at a hint is remembered.
std::uint32_t Dpor::able(Candidates const& candidates) {
  std::uint32_t const held = holds();
  for (std::uint32_t left = held; left != 0; left &= left - 1) {
    auto const process = static_cast<unsigned>(std::countr_zero(left));
    hal_host::Guard const& guard = hints_[process].guard;
    stuck_.push_back({process, steps_.size(), {}});
    stuck_.back().guard.add(guard.word, guard.bytes, false);
  }
  return candidates.processors & ~held;
}

// Asked before it is asked which of several processors steps.
std::uint32_t Dpor::choose_time(Candidates const& candidates) noexcept {
  unsigned const current = candidates.current;
  bool const tries = hints_[current].phase == Hint::Phase::tries;
  if (redundant_ || jumped_ || (tries && (candidates.processors & bit(current)) != 0)) return 0;
  std::uint32_t const enabled = able(candidates);
  if (enabled == 0 || !begin(enabled | bit(time_process), current)) return 0;
  jumped_ = steps_.back().process == time_process;
  decided_ = !jumped_ && !std::has_single_bit(candidates.processors);
  return jumped_ ? 1 : 0;
}

// By a step of time: one that was chosen, or one that is made because nobody else can step. Or by
// who let time pass or armed a clock for what has passed.
void Dpor::fired(std::uint32_t processors, bool nobody_steps) {
  if (!open_ || redundant_ || (nobody_steps && !time_jumps_)) return;
  if (nobody_steps && !begin(bit(time_process), time_process)) return;
  jumped_ |= nobody_steps;
  if (steps_.empty()) return;
  if (flaw_ != DporFlaw::blind_time) steps_.back().footprint.add_jump(processors);
  time_could_jump();
}

// Up to here, and maybe not any more: it raced with what came before.
void Dpor::time_could_jump() {
  if (!time_jumps_ || jumped_) return;
  stuck_.push_back({time_process, steps_.size(), {}});
  stuck_.back().guard.add_jump(~std::uint32_t{0});
}

std::uint32_t Dpor::choose_processor(Candidates const& candidates) noexcept {
  std::uint32_t const plain = plain_.judge(Choice::processor, candidates).plain;
  unsigned const current = candidates.current;
  if (redundant_) return plain;
  if (hints_[current].phase == Hint::Phase::tries && goes_on(candidates))
    return index_of(candidates, current);
  if (std::exchange(decided_, false)) return index_of(candidates, steps_.back().process);
  std::uint32_t const enabled = able(candidates);
  if (enabled == 0 || !begin(enabled, current)) return plain;
  return index_of(candidates, steps_.back().process);
}

std::uint32_t Dpor::choose_value(std::uint32_t plain, Candidates const& candidates) noexcept {
  if (!in_step()) return plain;
  std::vector<Value>& values = path_[steps_.size() - 1].values;
  if (values_ == values.size()) values.push_back({plain, plain, candidates.count});
  return values[values_++].choice;
}

// Whether a step is recorded; one that a processor makes because no other could begins by itself.
bool Dpor::in_step() {
  unsigned const current = Machine::processor_number();
  if (redundant_) return false;
  return (!steps_.empty() && steps_.back().process == current) || begin(bit(current), current);
}

bool Dpor::begin(std::uint32_t enabled, unsigned preferred) {
  if (!steps_.empty()) {
    Transition& last = steps_.back();
    if ((enabled & bit(last.process)) == 0) {
      last.footprint.add_halt();
      time_could_jump();
    }
    last.footprint.settle();
  }
  std::size_t const depth = steps_.size();
  if (depth == path_.size() && !grow(enabled, preferred)) redundant_ = true;
  if (redundant_) return false;
  unsigned const process = path_[depth].process;
  steps_.push_back({process, {}});
  if (process != time_process) steps_.back().footprint.add_wire(process);
  values_ = 0;
  return true;
}

bool Dpor::grow(std::uint32_t enabled, unsigned preferred) {
  Node node{enabled, preferred, 0, {}, {}, {}};
  if (!path_.empty())
    for (Sleeper const& sleeper : path_.back().asleep)
      if (flaw_ == DporFlaw::deep_sleep || (sleeper.process != path_.back().process &&
                                            !sleeper.footprint.conflicts(steps_.back().footprint)))
        node.asleep.push_back(sleeper);
  std::uint32_t const awake = enabled & ~node.sleeping();
  if (awake == 0) return false;
  if ((awake & bit(preferred)) == 0) node.process = static_cast<unsigned>(std::countr_zero(awake));
  node.wanted = bit(node.process);
  path_.push_back(std::move(node));
  return true;
}

// What the execution tells of others that must be made.
void Dpor::learn() {
  path_.erase(path_.begin() + static_cast<std::ptrdiff_t>(steps_.size()), path_.end());
  if (!steps_.empty()) steps_.back().footprint.settle();
  for (std::size_t i = fresh_; i < steps_.size(); ++i) {
    path_[i].covered.add(steps_[i].footprint);
    path_[i].covered.settle();
  }
  time_could_jump();
  for (Reversal const& reversal : order_.reversals(steps_, stuck_)) {
    Node& node = path_[reversal.at];
    std::uint32_t const able = reversal.initials & node.enabled;
    if (able == 0 || (able & node.wanted) != 0) continue;
    node.wanted |= (able & bit(reversal.raced)) != 0 ? bit(reversal.raced) : able & -able;
  }
}

}  // namespace

std::unique_ptr<Strategy> dpor(bool time_jumps, DporFlaw flaw) {
  return std::make_unique<Dpor>(time_jumps, flaw);
}

}  // namespace mica::explore
