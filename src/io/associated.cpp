#include "io/associated.hpp"

#include "io/buffers.hpp"

namespace mica::io {

void NTAPI finish_part(IRP& part, CCHAR boost) noexcept {
  IRP& whole = *part.AssociatedIrp.MasterIrp;
  release_buffers(part);
  IoFreeIrp(&part);
  std::atomic_ref<LONG> const left{const_cast<LONG&>(whole.AssociatedIrp.IrpCount)};
  if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) IoCompleteRequest(&whole, boost);
}

}  // namespace mica::io

PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize) {
  PIRP const part = IoAllocateIrp(StackSize, FALSE);
  if (part == nullptr) return nullptr;
  part->Flags |= IRP_ASSOCIATED_IRP;
  part->AssociatedIrp.MasterIrp = Irp;
  part->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
  return part;
}
