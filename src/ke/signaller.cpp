// The levels a signalling routine may be called at.                         [MSDN KeSetEvent]
#include "ke/signaller.hpp"

#include "ke/verifier.hpp"

namespace mica::ke {

KIRQL NTAPI begin_signal(BOOLEAN wait, void* object) noexcept {
  KIRQL const level = Machine::irql();
  if (level > (wait != FALSE ? APC_LEVEL : DISPATCH_LEVEL))
    violation(Rule::signal_level, level, as_parameter(object), wait);
  return Machine::raise(DISPATCH_LEVEL);
}

void NTAPI end_signal(BOOLEAN wait, KIRQL old) noexcept {
  if (wait == FALSE) return Machine::lower(old);
  Thread& thread = current_thread();
  thread.wait_next = true;
  thread.wait_irql = old;
}

}  // namespace mica::ke
