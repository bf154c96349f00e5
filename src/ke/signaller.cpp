// The levels a signalling routine may be called at.                         [MSDN KeSetEvent]
#include "ke/signaller.hpp"

namespace mica::ke {

KIRQL NTAPI begin_signal(BOOLEAN wait, void* object) noexcept {
  constexpr ULONG verifier_violation = 0xC4;
  constexpr ULONG signal_above_limit = 0x80;
  KIRQL const level = Machine::irql();
  if (level > (wait != FALSE ? APC_LEVEL : DISPATCH_LEVEL))
    bugcheck(verifier_violation, signal_above_limit, level, as_parameter(object), wait);
  return Machine::raise(DISPATCH_LEVEL);
}

void NTAPI end_signal(BOOLEAN wait, KIRQL old) noexcept {
  if (wait == FALSE) return Machine::lower(old);
  Thread& thread = current_thread();
  thread.wait_next = true;
  thread.wait_irql = old;
}

}  // namespace mica::ke
