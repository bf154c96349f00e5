// The lock of volume parameter blocks.            [MSDN IoAcquireVpbSpinLock, IoReleaseVpbSpinLock]
#include "io/state.hpp"

using namespace mica::io;

VOID NTAPI IoAcquireVpbSpinLock(PKIRQL Irql) MICA_NO_ANALYSIS {
  *Irql = mica::Machine::raise(DISPATCH_LEVEL);
  state().vpb_lock.lock_at_dispatch();
}

VOID NTAPI IoReleaseVpbSpinLock(KIRQL Irql) MICA_NO_ANALYSIS {
  state().vpb_lock.unlock_at_dispatch();
  mica::Machine::lower(Irql);
}
