// The plain execution: a processor steps until it cannot, then the first that can; interrupts land
// at once; time does not jump; a load sees the newest store; allocations find memory.
//   One that steps for long while others could may be waiting for them without saying so (the clock
//   interrupt that finds a tick being counted elsewhere comes again at once): the next takes over.
#pragma once

#include "explore/candidates.hpp"

namespace mica::explore {

// The plain answer to a question, and what any other costs.
struct Question {
  std::uint32_t plain;
  unsigned cost;
};

class PlainAnswers {
 public:
  void begin() noexcept { in_a_row_ = 0; }

  // Every question of an execution but those about gaps goes through here, in order; `answered`
  // hears which processor it was.
  [[nodiscard]] Question judge(Choice kind, Candidates const& candidates) const noexcept {
    switch (kind) {
      case Choice::processor:
        return judge_processor(candidates);
      case Choice::interrupt:
        return {1, 1};
      case Choice::time:
      case Choice::load:
      case Choice::shortage:
        return {0, 1};
      case Choice::gap:
      case Choice::value:
        break;
    }
    return {0, 0};
  }
  void answered(Choice kind, Candidates const& candidates, std::uint32_t choice) noexcept {
    if (kind != Choice::processor) return;
    bool const stays = goes_on(candidates) && choice == index_of(candidates, candidates.current);
    in_a_row_ = stays ? in_a_row_ + 1 : 0;
  }

 private:
  static constexpr std::uint32_t patience = 1000;

  [[nodiscard]] Question judge_processor(Candidates const& candidates) const noexcept {
    if (!goes_on(candidates)) return {0, 0};
    std::uint32_t const current = index_of(candidates, candidates.current);
    if (in_a_row_ < patience) return {current, 1};
    return {(current + 1) % candidates.count, 1};
  }

  std::uint32_t in_a_row_ = 0;
};

}  // namespace mica::explore
