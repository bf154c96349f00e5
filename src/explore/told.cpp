#include "explore/told.hpp"

#include "explore/candidates.hpp"

namespace mica::explore {

bool Told::next_execution() {
  plain_.begin();
  deviations_.clear();
  asked_ = gap_ = cost_ = 0;
  deviated_ = false;
  return inside_.next_execution();
}

std::uint32_t Told::answer(Choice kind, Candidates const& candidates) noexcept {
  bool const in_step = kind == Choice::value || kind == Choice::load || kind == Choice::shortage;
  if (gap_ == 0 || in_step) return inside_.choose(kind, candidates);
  if (kind != Choice::processor) return 0;
  if (goes_on(candidates)) return index_of(candidates, candidates.current);
  gap_ = 0;
  return inside_.choose(kind, candidates);
}

std::uint32_t Told::choose(Choice kind, Candidates const& candidates) noexcept {
  deviated_ = false;
  if (kind == Choice::gap) {
    gap_ = gap_ > 0 ? gap_ - 1 : inside_.choose(kind, candidates);
    return 0;
  }
  if (kind == Choice::time && !time_jumps_) return 0;
  Question const question = plain_.judge(kind, candidates);
  std::uint32_t const choice = answer(kind, candidates);
  deviated_ = choice != question.plain && question.cost > 0;
  if (choice != question.plain) deviations_.push_back({asked_, choice});
  if (deviated_) cost_ += question.cost;
  ++asked_;
  plain_.answered(kind, candidates, choice);
  return choice;
}

}  // namespace mica::explore
