#include "explore/flows.hpp"

#include <fmt/format.h>

namespace mica::explore {

std::string Agent::name() const {
  if (key < first_interrupt)
    return fmt::format("{}the idle thread of processor {}",
                       key % 2 ? "a dispatch interrupt over " : "", key / 2);
  if (key < first_thread) {
    std::uint32_t const number = key - first_interrupt;
    return fmt::format("the interrupt at level {} on processor {}", number % levels,
                       number / levels);
  }
  std::uint32_t const number = key - first_thread;
  return fmt::format("{}thread {}", number % 2 ? "a dispatch interrupt over " : "", number / 2);
}

// Idle threads are entered without a context of their own: the machine calls all of them 0.
Agent& Flows::left_by(unsigned processor, std::uint64_t context_id) {
  Agent const thread = context_id == 0 ? Agent::idle(processor) : Agent::thread(context_id);
  std::size_t const index = thread.key / 2;
  while (left_.size() <= index) left_.push_back({static_cast<std::uint32_t>(2 * left_.size())});
  return left_[index];
}

void Flows::change(unsigned processor, std::uint64_t from_id, std::uint64_t to_id) {
  left_by(processor, from_id) = running_[processor];
  running_[processor] = left_by(processor, to_id);
}

}  // namespace mica::explore
