// The routines that read and change IRQL. [MSDN KeRaiseIrql, KeLowerIrql]
#include "ke/lock_checks.hpp"
#include "ke/processor.hpp"
#include "ke/verifier.hpp"

using namespace mica;
using namespace mica::ke;

namespace {

// A DPC routine ends at the level it began at and never goes below it. [MSDN Bug Check 0xC4, 0x31]
bool dpc_goes_below_dispatch(KIRQL from, KIRQL to) noexcept {
  return from >= DISPATCH_LEVEL && to < DISPATCH_LEVEL &&
         current().in_dpc.load(std::memory_order_relaxed);
}

KIRQL raise_to(KIRQL level) noexcept {
  KIRQL const old = Machine::irql();
  if (level < old || level > HIGH_LEVEL) [[unlikely]]
    violation(Rule::raise_irql, old, level);
  return Machine::raise(level);
}

}  // namespace

KIRQL NTAPI KeGetCurrentIrql(void) {
  return Machine::irql();
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql) {
  return raise_to(NewIrql);
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel(void) {
  return raise_to(DISPATCH_LEVEL);
}

KIRQL NTAPI KeRaiseIrqlToSynchLevel(void) {
  return raise_to(SYNCH_LEVEL);
}

void NTAPI KeLowerIrql(KIRQL NewIrql) {
  KIRQL const old = Machine::irql();
  if (NewIrql > old) [[unlikely]]
    violation(Rule::lower_irql, old, NewIrql, 0);
  if (dpc_goes_below_dispatch(old, NewIrql)) [[unlikely]]
    violation(Rule::lower_irql, old, NewIrql, 1);
  if (locks_checked()) [[unlikely]]
    level_falls(NewIrql);
  Machine::lower(NewIrql);
}
