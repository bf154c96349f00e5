// Source-DPOR with sleep sets: at least one execution of every class that conflicts tell apart, and
// few more.
//   For scenarios without endless loops. Complete when the strategy has no more: every final state
//   and every failed check that some order of steps gives was seen. A step goes from one decision
//   to the next: its footprint (dependence.hpp) is what conflicts. A processor whose spin hint
//   names a word that it must not be any more cannot step, and the hint and the operation after it
//   are one step. Whether an interrupt lands and what a scenario asks for are answered in every way
//   in each step that asks. Where `time_jumps` time is a process too: its step is a jump to the
//   earliest armed clock. It makes the first when it likes, others when nobody else can step. Not
//   told as conflicts: that time passes with steps, and the publication of a context that was
//   switched away from.
//   [Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction", POPL 2014]
#pragma once

#include "explore/strategy.hpp"

namespace mica::explore {

// What a test breaks to see that it would be found.
enum class DporFlaw : std::uint8_t {
  none,
  deep_sleep,   // who sleeps is not woken by a conflict
  blind_reads,  // a read and a write after it do not conflict
  blind_time,   // that clocks come conflicts with nothing
};

[[nodiscard]] std::unique_ptr<Strategy> dpor(bool time_jumps, DporFlaw flaw = DporFlaw::none);

}  // namespace mica::explore
