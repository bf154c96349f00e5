#include "hal_host/policy.hpp"

#include <algorithm>
#include <bit>

namespace mica::hal_host {

Random::Random(std::uint64_t seed) noexcept {
  std::uint64_t mixed = seed + 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  mixed ^= mixed >> 31;
  state_ = mixed ? mixed : 1;
}

RandomPolicy::RandomPolicy(std::uint64_t seed, bool time_jumps) noexcept
    : random_{seed}, mean_gap_{1u << (2 * random_.below(4))}, time_jumps_{time_jumps} {}

std::uint32_t RandomPolicy::choose(Choice kind, Candidates const& candidates) noexcept {
  switch (kind) {
    case Choice::gap:
      return std::min(random_.below(2 * mean_gap_), candidates.count - 1);
    case Choice::time:
      return time_jumps_ && random_.below(64) == 0 ? 1 : 0;
    case Choice::shortage:
      return random_.below(8) == 0 ? 1 : 0;
    case Choice::load:
      return random_.below(2) == 0 ? 0 : random_.below(candidates.count);
    case Choice::processor:
    case Choice::interrupt:
    case Choice::value:
      break;
  }
  return random_.below(candidates.count);
}

PctPolicy::PctPolicy(std::uint64_t seed, unsigned depth, std::uint32_t length) noexcept
    : random_{seed}, changes_{std::clamp(depth, 1u, max_depth) - 1} {
  for (unsigned i = 0; i < priorities_.size(); ++i)
    priorities_[i] = static_cast<std::int32_t>(i + 1);
  for (unsigned i = static_cast<unsigned>(priorities_.size()) - 1; i > 0; --i)
    std::swap(priorities_[i], priorities_[random_.below(i + 1)]);
  for (unsigned i = 0; i < changes_; ++i)
    change_points_[i] = 1 + random_.below(std::max(length, 1u));
}

std::uint32_t PctPolicy::choose(Choice kind, Candidates const& candidates) noexcept {
  if (kind == Choice::gap) return 0;
  if (kind == Choice::time) return 0;
  if (kind == Choice::shortage) return random_.below(8) == 0 ? 1 : 0;
  if (kind == Choice::load && random_.below(2) == 0) return 0;
  if (kind != Choice::processor) return random_.below(candidates.count);
  ++decisions_;
  for (unsigned i = 0; i < changes_; ++i)
    if (change_points_[i] == decisions_)
      priorities_[candidates.current] = -1 - static_cast<std::int32_t>(i);
  std::uint32_t best = 0, best_index = 0, index = 0;
  for (std::uint32_t rest = candidates.processors; rest; rest &= rest - 1, ++index) {
    auto const processor = static_cast<std::uint32_t>(std::countr_zero(rest));
    if (index == 0 || priorities_[processor] > priorities_[best]) {
      best = processor;
      best_index = index;
    }
  }
  in_a_row_ = best == last_ ? in_a_row_ + 1 : 0;
  last_ = best;
  if (in_a_row_ == patience) {
    priorities_[best] = --lowest_;
    in_a_row_ = 0;
  }
  return best_index;
}

std::uint32_t ReplayPolicy::choose(Choice, Candidates const& candidates) noexcept {
  if (next_ == choices_.size()) return 0;
  return std::min(choices_[next_++], candidates.count - 1);
}

}  // namespace mica::hal_host
