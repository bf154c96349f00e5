// Another strategy's executions, told by what differs from the plain one: so each has a name of
// kind steps, whatever chose it.
//   Decides at every scheduling point. Where the other one asked for a gap it is not asked until
//   the gap is over; the plain execution's answer there would be a deviation too, so the processor
//   goes on and nothing lands.
#pragma once

#include "explore/plain.hpp"
#include "explore/strategy.hpp"

namespace mica::explore {

class Told final : public Strategy {
 public:
  // `inside` outlives it.
  Told(Strategy& inside, bool time_jumps) noexcept : inside_{inside}, time_jumps_{time_jumps} {}

  [[nodiscard]] bool next_execution() override;
  [[nodiscard]] Schedule schedule() const override { return Schedule::steps(deviations_); }
  [[nodiscard]] std::uint32_t choose(Choice kind, Candidates const& candidates) noexcept override;

  // What the deviations of the execution cost together (Question::cost).
  [[nodiscard]] unsigned cost() const noexcept { return cost_; }
  // Whether the question that was answered last was answered otherwise than plain, at a cost.
  [[nodiscard]] bool deviated() const noexcept { return deviated_; }

 private:
  [[nodiscard]] std::uint32_t answer(Choice kind, Candidates const& candidates) noexcept;

  Strategy& inside_;
  bool time_jumps_;
  PlainAnswers plain_;
  std::vector<Deviation> deviations_;
  std::uint32_t asked_ = 0;
  std::uint32_t gap_ = 0;
  unsigned cost_ = 0;
  bool deviated_ = false;
};

}  // namespace mica::explore
