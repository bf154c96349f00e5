// Requests that a driver makes of another one and waits for. IRQL PASSIVE_LEVEL.
//   Direct transfers need memory descriptor lists, which do not exist yet: a request for them is
//   refused like one without memory.
#include <cstring>

#include "io/request.hpp"

namespace mica::io {
namespace {

void release(IRP& irp) noexcept {
  if (irp.AssociatedIrp.SystemBuffer != nullptr)
    ExFreePoolWithTag(irp.AssociatedIrp.SystemBuffer, tag_buffer);
  IoFreeIrp(&irp);
}

// A system buffer of `bytes`, filled from `from` if there is one. False without memory.
bool give_buffer(IRP& irp, ULONG bytes, void const* from, ULONG from_bytes) noexcept {
  if (bytes == 0) return true;
  void* const buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag_buffer);
  if (buffer == nullptr) return false;
  if (from_bytes != 0) std::memcpy(buffer, from, from_bytes);
  irp.AssociatedIrp.SystemBuffer = buffer;
  irp.Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
  return true;
}

// The data of a read or a write, in the way the device asked for.
bool give_data(IRP& irp, DEVICE_OBJECT const& device, bool reads, void* buffer,
               ULONG bytes) noexcept {
  if ((device.Flags & DO_DIRECT_IO) != 0 && bytes != 0) return false;
  irp.UserBuffer = buffer;
  if ((device.Flags & DO_BUFFERED_IO) == 0) return true;
  if (reads) irp.Flags |= IRP_INPUT_OPERATION;
  return give_buffer(irp, bytes, buffer, reads ? 0 : bytes);
}

// The buffers of a device control, in the way its code says.
//                                                  [MSDN Buffer Descriptions for I/O Control Codes]
bool give_control_buffers(IRP& irp, IO_STACK_LOCATION& next, void* input, void* output) noexcept {
  auto& control = next.Parameters.DeviceIoControl;
  ULONG const method = control.IoControlCode & 3;
  if (method == METHOD_NEITHER) {
    irp.UserBuffer = output;
    control.Type3InputBuffer = input;
    return true;
  }
  if (method != METHOD_BUFFERED && control.OutputBufferLength != 0) return false;
  irp.UserBuffer = output;
  bool const answers = method == METHOD_BUFFERED && control.OutputBufferLength != 0;
  if (answers) irp.Flags |= IRP_INPUT_OPERATION;
  ULONG const output_bytes = answers ? control.OutputBufferLength : 0;
  ULONG const bytes =
      control.InputBufferLength > output_bytes ? control.InputBufferLength : output_bytes;
  return give_buffer(irp, bytes, input, control.InputBufferLength);
}

}  // namespace
}  // namespace mica::io

using namespace mica::io;

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                        PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                        PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock) {
  IRP* const irp = make_request(*DeviceObject, static_cast<UCHAR>(MajorFunction));
  if (irp == nullptr) return nullptr;
  irp->UserEvent = Event;
  irp->UserIosb = IoStatusBlock;
  bool const reads = MajorFunction == IRP_MJ_READ;
  if (reads || MajorFunction == IRP_MJ_WRITE) {
    IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
    // Read and Write have one layout, but each is a structure of its own.
    if (reads) {
      next.Parameters.Read.Length = Length;
      if (StartingOffset != nullptr) next.Parameters.Read.ByteOffset = *StartingOffset;
    } else {
      next.Parameters.Write.Length = Length;
      if (StartingOffset != nullptr) next.Parameters.Write.ByteOffset = *StartingOffset;
    }
    if (!give_data(*irp, *DeviceObject, reads, Buffer, Length)) {
      release(*irp);
      return nullptr;
    }
  }
  return irp;
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                         PVOID InputBuffer, ULONG InputBufferLength,
                                         PVOID OutputBuffer, ULONG OutputBufferLength,
                                         BOOLEAN InternalDeviceIoControl, PKEVENT Event,
                                         PIO_STATUS_BLOCK IoStatusBlock) {
  UCHAR const major =
      InternalDeviceIoControl != FALSE ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
  IRP* const irp = make_request(*DeviceObject, major);
  if (irp == nullptr) return nullptr;
  irp->UserEvent = Event;
  irp->UserIosb = IoStatusBlock;
  IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
  next.Parameters.DeviceIoControl.IoControlCode = IoControlCode;
  next.Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
  next.Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
  if (give_control_buffers(*irp, next, InputBuffer, OutputBuffer)) return irp;
  release(*irp);
  return nullptr;
}
