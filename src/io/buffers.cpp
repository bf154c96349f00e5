#include "io/buffers.hpp"

#include <cstring>

#include "mm/mdl.hpp"

namespace mica::io {
namespace {

NTSTATUS give_pages(IRP& irp, void* buffer, ULONG bytes, LOCK_OPERATION operation) noexcept {
  if (bytes == 0) return STATUS_SUCCESS;
  MDL* const mdl = IoAllocateMdl(buffer, bytes, FALSE, FALSE, &irp);
  if (mdl == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  return mm::lock_pages(*mdl, operation) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

void release_pages(IRP& irp) noexcept {
  MDL* mdl = irp.MdlAddress;
  while (mdl != nullptr) {
    MDL* const next = mdl->Next;
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    mdl = next;
  }
}

}  // namespace

NTSTATUS NTAPI give_buffer(IRP& irp, ULONG bytes, void const* from, ULONG from_bytes) noexcept {
  if (bytes == 0) return STATUS_SUCCESS;
  void* const buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag_buffer);
  if (buffer == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  if (from_bytes != 0) std::memcpy(buffer, from, from_bytes);
  irp.AssociatedIrp.SystemBuffer = buffer;
  irp.Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI give_data(IRP& irp, DEVICE_OBJECT const& device, bool reads, void* buffer,
                         ULONG bytes) noexcept {
  irp.UserBuffer = buffer;
  if ((device.Flags & DO_BUFFERED_IO) != 0)
    return reads ? give_answer(irp, buffer, bytes) : give_buffer(irp, bytes, buffer, bytes);
  if ((device.Flags & DO_DIRECT_IO) == 0) return STATUS_SUCCESS;
  return give_pages(irp, buffer, bytes, reads ? IoWriteAccess : IoReadAccess);
}

NTSTATUS NTAPI give_control_buffers(IRP& irp, IO_STACK_LOCATION& next, void* input,
                                    void* output) noexcept {
  // FileSystemControl has the same layout, but is a structure of its own.
  auto& control = next.Parameters.DeviceIoControl;
  ULONG const method = METHOD_FROM_CTL_CODE(control.IoControlCode);
  irp.UserBuffer = output;
  if (method == METHOD_NEITHER) {
    control.Type3InputBuffer = input;
    return STATUS_SUCCESS;
  }
  ULONG const input_bytes = control.InputBufferLength;
  ULONG const output_bytes = control.OutputBufferLength;
  if (method == METHOD_BUFFERED) {
    if (output_bytes != 0) irp.Flags |= IRP_INPUT_OPERATION;
    return give_buffer(irp, input_bytes > output_bytes ? input_bytes : output_bytes, input,
                       input_bytes);
  }
  NTSTATUS const status = give_buffer(irp, input_bytes, input, input_bytes);
  if (!NT_SUCCESS(status)) return status;
  return give_pages(irp, output, output_bytes,
                    method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
}

NTSTATUS NTAPI give_answer(IRP& irp, void* output, ULONG bytes) noexcept {
  irp.UserBuffer = output;
  irp.Flags |= IRP_INPUT_OPERATION;
  return give_buffer(irp, bytes, nullptr, 0);
}

void NTAPI release_buffers(IRP& irp) noexcept {
  release_pages(irp);
  if ((irp.Flags & IRP_BUFFERED_IO) == 0) return;
  bool const copies = (irp.Flags & IRP_INPUT_OPERATION) != 0 && !NT_ERROR(irp.IoStatus.Status);
  if (copies && irp.IoStatus.Information != 0)
    std::memcpy(irp.UserBuffer, irp.AssociatedIrp.SystemBuffer, irp.IoStatus.Information);
  if ((irp.Flags & IRP_DEALLOCATE_BUFFER) != 0)
    ExFreePoolWithTag(irp.AssociatedIrp.SystemBuffer, tag_buffer);
}

}  // namespace mica::io
