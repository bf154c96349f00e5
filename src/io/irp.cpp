// IRPs as memory. IRQL <= DISPATCH_LEVEL.
#include <cstring>

#include "base/list.hpp"
#include "io/request.hpp"
#include "ke/bugcheck.hpp"

using namespace mica::io;

VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize) {
  std::memset(Irp, 0, PacketSize);
  Irp->Type = IO_TYPE_IRP;
  Irp->Size = PacketSize;
  Irp->StackCount = StackSize;
  Irp->CurrentLocation = static_cast<CCHAR>(StackSize + 1);
  mica::list_initialize(Irp->ThreadListEntry);
  Irp->Tail.Overlay.CurrentStackLocation =
      reinterpret_cast<PIO_STACK_LOCATION>(Irp + 1) + StackSize;
}

PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN) {
  USHORT const bytes = IoSizeOfIrp(StackSize);
  // IoInitializeIrp zeroes it: once is enough.
  auto* const irp = static_cast<PIRP>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, bytes, tag_irp));
  if (irp != nullptr) IoInitializeIrp(irp, bytes, StackSize);
  return irp;
}

VOID NTAPI IoFreeIrp(PIRP Irp) {
  if (Irp->Type != IO_TYPE_IRP) {
    mica::ke::bugcheck(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 1, reinterpret_cast<ULONG_PTR>(Irp), 0,
                       0);
  }
  if ((Irp->AllocationFlags & owner::any) != 0) {
    mica::ke::bugcheck(DRIVER_VERIFIER_IOMANAGER_VIOLATION, 2, reinterpret_cast<ULONG_PTR>(Irp), 0,
                       0);
  }
  Irp->Type = 0;
  ExFreePoolWithTag(Irp, tag_irp);
}

VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus) {
  UCHAR const allocation = Irp->AllocationFlags;
  IoInitializeIrp(Irp, Irp->Size, Irp->StackCount);
  Irp->AllocationFlags = allocation;
  Irp->IoStatus.Status = Iostatus;
}
