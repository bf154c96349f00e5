#include <algorithm>
#include <utility>

#include "explore/plain.hpp"
#include "explore/strategy.hpp"

namespace mica::explore {
namespace {

// The plain execution but for some answers.
class Steps final : public Strategy {
 public:
  Steps(Schedule const& schedule, bool time_jumps) : wanted_{schedule}, time_jumps_{time_jumps} {}

  [[nodiscard]] bool next_execution() override { return !std::exchange(begun_, true); }
  [[nodiscard]] Schedule schedule() const override { return wanted_; }
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override {
    if (kind == Choice::gap || (kind == Choice::time && !time_jumps_)) return 0;
    std::uint32_t choice = plain_.judge(kind, candidates).plain;
    auto const& deviations = wanted_.deviations;
    if (next_ < deviations.size() && deviations[next_].at == asked_)
      choice = std::min(deviations[next_++].choice, candidates.count - 1);
    ++asked_;
    plain_.answered(kind, candidates, choice);
    return choice;
  }

 private:
  Schedule wanted_;
  bool time_jumps_;
  bool begun_ = false;
  std::uint32_t asked_ = 0;
  std::size_t next_ = 0;
  PlainAnswers plain_;
};

}  // namespace

std::unique_ptr<Strategy> replay_steps(Schedule const& schedule, bool time_jumps) {
  return std::make_unique<Steps>(schedule, time_jumps);
}

}  // namespace mica::explore
