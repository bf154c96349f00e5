// What scenarios are written with: their threads (explore/threads.hpp), points and waits.
#pragma once

#include <machine.hpp>

#include <atomic>

#include "conformance/support.hpp"
#include "explore/threads.hpp"

namespace mica::explore {

// A scheduling point between two accesses of a scenario's own: its plain code has none.
void point() noexcept;

// Spins at the caller's level while the word holds `seen`. A processor that spins so takes no step
// that means nothing: a policy that prefers it starves nobody.
template <class Word>
void spin_while(std::atomic<Word> const& word, std::type_identity_t<Word> seen) noexcept {
  do Machine::await(word, seen);
  while (word.load() == seen);
}

// Runs the team of these two: its first thread on processor 0, its second on processor 1.
template <class First, class Second>
void meet(Team& team, First& first, Second& second) {
  team.add(first, {.processor = 0});
  team.add(second, {.processor = 1});
  team.run();
}

using test::relative;
using test::wait;
using test::wait_for_both;

inline constexpr LONGLONG tick_100ns = test::millisecond_100ns;  // the clock's period

}  // namespace mica::explore
