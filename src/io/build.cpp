// Requests that a driver makes of another one. IRQL PASSIVE_LEVEL; asynchronous ones <= APC_LEVEL.
//   [MSDN IoBuildSynchronousFsdRequest, IoBuildAsynchronousFsdRequest,
//   IoBuildDeviceIoControlRequest]
#include "io/buffers.hpp"
#include "io/request.hpp"
#include "io/thread_requests.hpp"

namespace mica::io {
namespace {

struct Transfer {
  ULONG major;
  void* buffer;
  ULONG bytes;
  LARGE_INTEGER const* offset;
};

IRP* give_up(IRP& irp) noexcept {
  release_buffers(irp);  // nothing came: IoStatus says so
  free_request(irp);
  return nullptr;
}

// Read and Write have one layout, but each is a structure of its own.
void fill(IO_STACK_LOCATION& next, Transfer const& transfer) noexcept {
  if (transfer.major == IRP_MJ_READ) {
    next.Parameters.Read.Length = transfer.bytes;
    if (transfer.offset != nullptr) next.Parameters.Read.ByteOffset = *transfer.offset;
  } else {
    next.Parameters.Write.Length = transfer.bytes;
    if (transfer.offset != nullptr) next.Parameters.Write.ByteOffset = *transfer.offset;
  }
}

// Null without memory, or if the buffer has none.
IRP* make_transfer(DEVICE_OBJECT& device, Transfer const& transfer, UCHAR owner,
                   IO_STATUS_BLOCK* result) noexcept {
  IRP* const irp = make_request(device, static_cast<UCHAR>(transfer.major), owner);
  if (irp == nullptr) return nullptr;
  irp->UserIosb = result;
  bool const reads = transfer.major == IRP_MJ_READ;
  if (!reads && transfer.major != IRP_MJ_WRITE) return irp;
  fill(*IoGetNextIrpStackLocation(irp), transfer);
  NTSTATUS const status = give_data(*irp, device, reads, transfer.buffer, transfer.bytes);
  return NT_SUCCESS(status) ? irp : give_up(*irp);
}

}  // namespace
}  // namespace mica::io

using namespace mica::io;

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                        PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                        PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock) {
  IRP* const irp = make_transfer(*DeviceObject, {MajorFunction, Buffer, Length, StartingOffset},
                                 owner::thread, IoStatusBlock);
  if (irp == nullptr) return nullptr;
  irp->UserEvent = Event;
  add_request(*irp);
  return irp;
}

PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject,
                                         PVOID Buffer, ULONG Length, PLARGE_INTEGER StartingOffset,
                                         PIO_STATUS_BLOCK IoStatusBlock) {
  return make_transfer(*DeviceObject, {MajorFunction, Buffer, Length, StartingOffset}, 0,
                       IoStatusBlock);
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject,
                                         PVOID InputBuffer, ULONG InputBufferLength,
                                         PVOID OutputBuffer, ULONG OutputBufferLength,
                                         BOOLEAN InternalDeviceIoControl, PKEVENT Event,
                                         PIO_STATUS_BLOCK IoStatusBlock) {
  UCHAR const major =
      InternalDeviceIoControl != FALSE ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
  IRP* const irp = make_request(*DeviceObject, major, owner::thread);
  if (irp == nullptr) return nullptr;
  irp->UserEvent = Event;
  irp->UserIosb = IoStatusBlock;
  IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
  next.Parameters.DeviceIoControl.IoControlCode = IoControlCode;
  next.Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
  next.Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
  if (!NT_SUCCESS(give_control_buffers(*irp, next, InputBuffer, OutputBuffer)))
    return give_up(*irp);
  add_request(*irp);
  return irp;
}
