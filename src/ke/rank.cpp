// Debug builds check the order of locks on every acquisition.
#include "ke/rank.hpp"

#include "ke/processor.hpp"

#ifndef NDEBUG

namespace mica::ke {
namespace {

using Bits = decltype(Processor::held_ranks);
static_assert(static_cast<unsigned>(highest_rank) < sizeof(Bits) * 8);

constexpr Bits bit_of(Rank rank) noexcept {
  return Bits{1} << static_cast<unsigned>(rank);
}

}  // namespace

// An interrupt handler that takes a lock releases it before it returns, so what it interrupted
// finds the words unchanged.
void NTAPI rank_acquired(Rank rank) noexcept {
  MICA_ASSERT(Machine::irql() >= DISPATCH_LEVEL);
  Processor& processor = current();
  Bits const bit = bit_of(rank);
  Bits const allowed = may_repeat(rank) ? bit * 2 - 1 : bit - 1;
  MICA_ASSERT((processor.held_ranks & ~allowed) == 0);
  processor.held_ranks |= bit;
  if (may_repeat(rank)) ++processor.held_objects;
}

void NTAPI rank_released(Rank rank) noexcept {
  Processor& processor = current();
  MICA_ASSERT((processor.held_ranks & bit_of(rank)) != 0);
  if (may_repeat(rank) && --processor.held_objects != 0) return;
  processor.held_ranks &= ~bit_of(rank);
}

}  // namespace mica::ke

#endif
