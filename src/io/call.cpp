// The way of an IRP down a stack of devices and back up. Hot: no lock, no allocation. IRQL <=
// DISPATCH_LEVEL.
#include "io/request.hpp"
#include "ke/bugcheck.hpp"

namespace mica::io {
namespace {

[[noreturn, gnu::cold]] void NTAPI wrong_irp(ULONG code, ULONG_PTR first, ULONG_PTR second = 0,
                                             ULONG_PTR third = 0) noexcept {
  ke::bugcheck(code, first, second, third, 0);
}

// What a driver must have done before it completes an IRP. [MSDN Bug Check 0x44, Bug Check 0xC9]
void NTAPI check_completion(IRP& irp) noexcept {
  auto const address = reinterpret_cast<ULONG_PTR>(&irp);
  if (irp.CurrentLocation > irp.StackCount + 1 || irp.Type != IO_TYPE_IRP)
    wrong_irp(MULTIPLE_IRP_COMPLETE_REQUESTS, address);
  NTSTATUS const status = irp.IoStatus.Status;
  if (status == STATUS_PENDING || status == -1) {
    wrong_irp(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 6, static_cast<ULONG_PTR>(status), address);
  }
  if (irp.CancelRoutine != nullptr) {
    wrong_irp(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 7,
              reinterpret_cast<ULONG_PTR>(irp.CancelRoutine), address);
  }
}

bool wants_call(IRP const& irp, UCHAR control) noexcept {
  UCHAR const on_result =
      NT_SUCCESS(irp.IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR;
  return (control & on_result) != 0 ||
         (irp.Cancel != FALSE && (control & SL_INVOKE_ON_CANCEL) != 0);
}

}  // namespace
}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
  if (Irp->Type != IO_TYPE_IRP) {
    wrong_irp(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 3, reinterpret_cast<ULONG_PTR>(Irp));
  }
  if (--Irp->CurrentLocation <= 0)
    wrong_irp(NO_MORE_IRP_STACK_LOCATIONS, reinterpret_cast<ULONG_PTR>(Irp));
  PIO_STACK_LOCATION const stack = --Irp->Tail.Overlay.CurrentStackLocation;
  stack->DeviceObject = DeviceObject;
  return mica::trace::call(mica::ke::listener(), mica::trace::Callback::dispatch,
                           DeviceObject->DriverObject->MajorFunction[stack->MajorFunction],
                           DeviceObject, Irp);
}

// Each location holds the routine of the driver above it, so the routine is called for the location
// that was just left, with the device of the one that is current then: none when its owner
// allocated the IRP.                                                  [MSDN IoSetCompletionRoutine]
VOID NTAPI IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost) {
  check_completion(*Irp);
  CCHAR const last = Irp->StackCount;
  for (;;) {
    PIO_STACK_LOCATION const left = Irp->Tail.Overlay.CurrentStackLocation++;
    if (++Irp->CurrentLocation > last + 1) break;
    Irp->PendingReturned = (left->Control & SL_PENDING_RETURNED) != 0 ? TRUE : FALSE;
    bool const outermost = Irp->CurrentLocation == last + 1;
    if (left->CompletionRoutine != nullptr && wants_call(*Irp, left->Control)) {
      PDEVICE_OBJECT const device =
          outermost ? nullptr : Irp->Tail.Overlay.CurrentStackLocation->DeviceObject;
      NTSTATUS const status =
          mica::trace::call(mica::ke::listener(), mica::trace::Callback::completion,
                            left->CompletionRoutine, device, Irp, left->Context);
      if (status == STATUS_MORE_PROCESSING_REQUIRED) return;
    } else if (Irp->PendingReturned != FALSE && !outermost) {
      Irp->Tail.Overlay.CurrentStackLocation->Control |= SL_PENDING_RETURNED;
    }
  }
  finish(*Irp, PriorityBoost);
}
