// Processors among those that a question names.
#pragma once

#include <mica/policy.hpp>

namespace mica::explore {

[[nodiscard]] inline bool can_step(Candidates const& candidates, unsigned processor) noexcept {
  return (candidates.processors >> processor & 1) != 0;
}

// How many of them stand before it. They are few, so they are counted one by one: to count bits at
// once is an instruction that not every processor has, and a call otherwise.
[[nodiscard]] inline std::uint32_t index_of(Candidates const& candidates,
                                            unsigned processor) noexcept {
  std::uint32_t rest = candidates.processors & ((std::uint32_t{1} << processor) - 1);
  std::uint32_t index = 0;
  for (; rest != 0; rest &= rest - 1) ++index;
  return index;
}

// Whether the processor that stepped last can go on.
[[nodiscard]] inline bool goes_on(Candidates const& candidates) noexcept {
  return can_step(candidates, candidates.current);
}

}  // namespace mica::explore
