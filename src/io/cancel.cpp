// Cancelling IRPs: who takes the cancel routine out of the IRP, by exchange, owns the decision.
#include "io/state.hpp"
#include "ke/bugcheck.hpp"

using namespace mica::io;

VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql) MICA_NO_ANALYSIS {
  *Irql = mica::Machine::raise(DISPATCH_LEVEL);
  state().cancel_lock.lock_at_dispatch();
}

VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql) MICA_NO_ANALYSIS {
  state().cancel_lock.unlock_at_dispatch();
  mica::Machine::lower(Irql);
}

// The routine is entered with the lock held and releases it, to Irp->CancelIrql. [MSDN IoCancelIrp]
BOOLEAN NTAPI IoCancelIrp(PIRP Irp) {
  KIRQL old = PASSIVE_LEVEL;
  IoAcquireCancelSpinLock(&old);
  std::atomic_ref<BOOLEAN>{Irp->Cancel}.store(TRUE, std::memory_order_relaxed);
  PDRIVER_CANCEL const routine = IoSetCancelRoutine(Irp, nullptr);
  if (routine == nullptr) {
    IoReleaseCancelSpinLock(old);
    return FALSE;
  }
  if (Irp->CurrentLocation > Irp->StackCount + 1) {
    IoReleaseCancelSpinLock(old);
    mica::ke::bugcheck(CANCEL_STATE_IN_COMPLETED_IRP, reinterpret_cast<ULONG_PTR>(Irp),
                       reinterpret_cast<ULONG_PTR>(routine), 0, 0);
  }
  Irp->CancelIrql = old;
  mica::trace::call(mica::ke::listener(), mica::trace::Callback::cancel, routine,
                    Irp->Tail.Overlay.CurrentStackLocation->DeviceObject, Irp);
  return TRUE;
}
