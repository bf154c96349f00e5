#include "io/request.hpp"

#include <cstring>

#include "io/associated.hpp"

namespace mica::io {

// The results are written here, at the IRQL of completion, and not by an APC in the thread's own
// context: the buffers and the status block must be in system space. The event comes
// last: all else may live on the stack of the thread it wakes.
void NTAPI finish(IRP& irp, CCHAR boost) noexcept {
  if ((irp.Flags & IRP_ASSOCIATED_IRP) != 0) return finish_part(irp, boost);
  if (irp.Tail.Overlay.Thread == nullptr) return;
  IO_STATUS_BLOCK const result = irp.IoStatus;
  if ((irp.Flags & IRP_BUFFERED_IO) != 0) {
    bool const copies = (irp.Flags & IRP_INPUT_OPERATION) != 0 && !NT_ERROR(result.Status);
    if (copies && result.Information != 0) {
      std::memcpy(irp.UserBuffer, irp.AssociatedIrp.SystemBuffer, result.Information);
    }
    if ((irp.Flags & IRP_DEALLOCATE_BUFFER) != 0)
      ExFreePoolWithTag(irp.AssociatedIrp.SystemBuffer, tag_buffer);
  }
  PKEVENT const event = irp.UserEvent;
  if (irp.UserIosb != nullptr) *irp.UserIosb = result;
  IoFreeIrp(&irp);
  if (event != nullptr) KeSetEvent(event, boost, FALSE);
}

IRP* NTAPI make_request(DEVICE_OBJECT& device, UCHAR major) noexcept {
  IRP* const irp = IoAllocateIrp(device.StackSize, FALSE);
  if (irp == nullptr) return nullptr;
  irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(KeGetCurrentThread());
  IoGetNextIrpStackLocation(irp)->MajorFunction = major;
  return irp;
}

IO_STATUS_BLOCK NTAPI send_and_wait(DEVICE_OBJECT& device, IRP& irp) noexcept {
  KEVENT done;
  IO_STATUS_BLOCK result{};
  KeInitializeEvent(&done, NotificationEvent, FALSE);
  irp.UserEvent = &done;
  irp.UserIosb = &result;
  NTSTATUS const status = IofCallDriver(&device, &irp);
  if (status == STATUS_PENDING) KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
  return result;
}

}  // namespace mica::io
