// Requests that a driver builds and waits for: IoBuildSynchronousFsdRequest,
// IoBuildDeviceIoControlRequest.
#include <nt/ps.h>

#include "io_support.hpp"

using namespace mica::test;

namespace {

constexpr ULONG control(ULONG method) {
  return CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, method, FILE_ANY_ACCESS);
}

struct Seen {
  IO_STACK_LOCATION stack;
  void* system_buffer;
  void* user_buffer;
  unsigned char first;
};

// Notes the request and answers with `reply` in the system buffer.
NTSTATUS NTAPI answer(PDEVICE_OBJECT device, PIRP irp) {
  Seen& seen = *static_cast<Seen*>(device->DeviceExtension);
  seen.stack = *IoGetCurrentIrpStackLocation(irp);
  seen.system_buffer = irp->AssociatedIrp.SystemBuffer;
  seen.user_buffer = irp->UserBuffer;
  auto* const bytes = static_cast<unsigned char*>(irp->AssociatedIrp.SystemBuffer);
  if (bytes == nullptr) return complete(irp, STATUS_SUCCESS);
  seen.first = bytes[0];
  bytes[0] = 0x5A;
  return complete(irp, STATUS_SUCCESS, 1);
}

NTSTATUS NTAPI refuse(PDEVICE_OBJECT, PIRP irp) {
  *static_cast<unsigned char*>(irp->AssociatedIrp.SystemBuffer) = 0x5A;
  return complete(irp, STATUS_ACCESS_DENIED, 1);
}

struct Request {
  KEVENT done;
  IO_STATUS_BLOCK status{};
  Request() { KeInitializeEvent(&done, NotificationEvent, FALSE); }
  NTSTATUS send(PDEVICE_OBJECT device, PIRP irp) {
    MICA_REQUIRE(irp != nullptr);
    NTSTATUS const answered = IoCallDriver(device, irp);
    if (answered == STATUS_PENDING)
      KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
    bool const told = answered == STATUS_PENDING || !NT_ERROR(answered);
    MICA_CHECK((KeReadStateEvent(&done) != 0) == told);
    return answered;
  }
};

}  // namespace

MICA_CASE("Io: a buffered control goes through one system buffer") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = answer;
  driver->MajorFunction[IRP_MJ_INTERNAL_DEVICE_CONTROL] = answer;
  PDEVICE_OBJECT const device = driver.make<Seen>();
  Seen const& seen = *static_cast<Seen*>(device->DeviceExtension);
  constexpr BOOLEAN kinds[] = {FALSE, TRUE};
  for (BOOLEAN const internal : kinds) {
    Request request;
    unsigned char input[4] = {7, 8, 9, 10};
    unsigned char output[2] = {1, 2};
    PIRP const irp =
        IoBuildDeviceIoControlRequest(control(METHOD_BUFFERED), device, input, sizeof input, output,
                                      sizeof output, internal, &request.done, &request.status);
    MICA_CHECK(request.send(device, irp) == STATUS_SUCCESS);
    MICA_CHECK(request.status.Status == STATUS_SUCCESS && request.status.Information == 1);
    MICA_CHECK(seen.stack.MajorFunction ==
               (internal ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL));
    MICA_CHECK(seen.stack.Parameters.DeviceIoControl.IoControlCode == control(METHOD_BUFFERED));
    MICA_CHECK(seen.stack.Parameters.DeviceIoControl.InputBufferLength == 4);
    MICA_CHECK(seen.stack.Parameters.DeviceIoControl.OutputBufferLength == 2);
    MICA_CHECK(seen.system_buffer != input && seen.system_buffer != output && seen.first == 7);
    MICA_CHECK(output[0] == 0x5A && output[1] == 2);
    MICA_CHECK(input[0] == 7);
  }
}

MICA_CASE("Io: an error that was not pended leaves buffer and status block alone") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = refuse;
  PDEVICE_OBJECT const device = driver.make();
  Request request;
  unsigned char output[2] = {1, 2};
  PIRP const irp =
      IoBuildDeviceIoControlRequest(control(METHOD_BUFFERED), device, nullptr, 0, output,
                                    sizeof output, FALSE, &request.done, &request.status);
  MICA_CHECK(request.send(device, irp) == STATUS_ACCESS_DENIED);
  MICA_CHECK(request.status.Status == STATUS_SUCCESS);  // as it was
  MICA_CHECK(output[0] == 1);
}

MICA_CASE("Io: METHOD_NEITHER hands the caller's buffers down") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = answer;
  PDEVICE_OBJECT const device = driver.make<Seen>();
  Seen const& seen = *static_cast<Seen*>(device->DeviceExtension);
  Request request;
  unsigned char input[4] = {};
  unsigned char output[2] = {};
  PIRP const irp =
      IoBuildDeviceIoControlRequest(control(METHOD_NEITHER), device, input, sizeof input, output,
                                    sizeof output, FALSE, &request.done, &request.status);
  MICA_CHECK(request.send(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(seen.system_buffer == nullptr);
  MICA_CHECK(seen.user_buffer == output);
  MICA_CHECK(seen.stack.Parameters.DeviceIoControl.Type3InputBuffer == input);
}

MICA_CASE("Io: a synchronous read and write of a buffered device") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = driver->MajorFunction[IRP_MJ_WRITE] = answer;
  PDEVICE_OBJECT const device = driver.make<Seen>();
  device->Flags |= DO_BUFFERED_IO;
  Seen const& seen = *static_cast<Seen*>(device->DeviceExtension);
  LARGE_INTEGER offset;
  offset.QuadPart = 0x123456789;
  constexpr ULONG majors[] = {IRP_MJ_READ, IRP_MJ_WRITE};
  for (ULONG const major : majors) {
    Request request;
    unsigned char data[8] = {3};
    PIRP const irp = IoBuildSynchronousFsdRequest(major, device, data, sizeof data, &offset,
                                                  &request.done, &request.status);
    MICA_CHECK(request.send(device, irp) == STATUS_SUCCESS);
    MICA_CHECK(request.status.Information == 1);
    MICA_CHECK(seen.stack.MajorFunction == major);
    MICA_CHECK(seen.stack.Parameters.Read.Length == sizeof data);
    MICA_CHECK(seen.stack.Parameters.Read.ByteOffset.QuadPart == 0x123456789);
    MICA_CHECK(seen.system_buffer != nullptr && seen.system_buffer != data);
    MICA_CHECK(seen.first == (major == IRP_MJ_WRITE ? 3 : 0));
    MICA_CHECK(data[0] == (major == IRP_MJ_READ ? 0x5A : 3));
  }
}

MICA_CASE("Io: a device without a buffering flag gets the caller's address") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_WRITE] = driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = answer;
  PDEVICE_OBJECT const device = driver.make<Seen>();
  Seen const& seen = *static_cast<Seen*>(device->DeviceExtension);
  Request request;
  unsigned char data[8] = {};
  PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, device, data, sizeof data, nullptr,
                                          &request.done, &request.status);
  MICA_CHECK(request.send(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(seen.user_buffer == data && seen.system_buffer == nullptr);
  irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr,
                                     &request.done, &request.status);
  MICA_CHECK(request.send(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(seen.stack.MajorFunction == IRP_MJ_FLUSH_BUFFERS);
}

MICA_CASE("Io: what is neither a read nor a write is built without buffer, length and offset") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = answer;
  PDEVICE_OBJECT const device = driver.make<Seen>();
  device->Flags |= DO_BUFFERED_IO;
  Seen const& seen = *static_cast<Seen*>(device->DeviceExtension);
  Request request;
  unsigned char data[8] = {};
  LARGE_INTEGER offset;
  offset.QuadPart = 12;
  PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, data, sizeof data,
                                                &offset, &request.done, &request.status);
  MICA_CHECK(request.send(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(seen.system_buffer == nullptr && seen.user_buffer == nullptr);
  MICA_CHECK(seen.stack.Parameters.Write.Length == 0);
  MICA_CHECK(seen.stack.Parameters.Write.ByteOffset.QuadPart == 0);
}

MICA_CASE("Io: of a request without a buffer nothing is copied, whatever its driver says") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_READ] = [](PDEVICE_OBJECT, PIRP irp) NTAPI -> NTSTATUS {
    return complete(irp, STATUS_SUCCESS, 3);
  };
  PDEVICE_OBJECT const device = driver.make();
  device->Flags |= DO_BUFFERED_IO;
  Request request;
  unsigned char data[8] = {1, 2, 3};
  PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, data, 0, nullptr,
                                                &request.done, &request.status);
  MICA_CHECK(request.send(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(request.status.Information == 3 && data[0] == 1 && data[2] == 3);
}

MICA_CASE("Io: a request that its maker does not send is ended by completing it") {
  Driver driver;
  PDEVICE_OBJECT const device = driver.make();
  Request request;
  PIRP const irp = IoBuildDeviceIoControlRequest(control(METHOD_NEITHER), device, nullptr, 0,
                                                 nullptr, 0, FALSE, &request.done, &request.status);
  MICA_REQUIRE(irp != nullptr);
  complete(irp, STATUS_SUCCESS, 5);
  wait(&request.done);
  MICA_CHECK(request.status.Status == STATUS_SUCCESS && request.status.Information == 5);
}

MICA_CASE("Io: the event of a pended request comes with its completion") {
  Driver driver;
  static constexpr auto keep = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
    IoMarkIrpPending(irp);
    *static_cast<PIRP*>(device->DeviceExtension) = irp;
    return STATUS_PENDING;
  };
  driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = keep;
  PDEVICE_OBJECT const device = driver.make<PIRP>();
  Request request;
  PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr,
                                                &request.done, &request.status);
  MICA_REQUIRE(irp != nullptr);
  MICA_CHECK(IoCallDriver(device, irp) == STATUS_PENDING);
  MICA_CHECK(KeReadStateEvent(&request.done) == 0);
  auto completer = [irp] { complete(irp, STATUS_SUCCESS, 5); };
  Thread* const thread = start(completer);
  MICA_CHECK(KeWaitForSingleObject(&request.done, Executive, KernelMode, FALSE, nullptr) ==
             STATUS_SUCCESS);
  MICA_CHECK(request.status.Information == 5);
  join(thread);
}

MICA_CASE("Io: the end of a thread's request waits until the thread lets kernel APCs in") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = answer;
  PDEVICE_OBJECT const device = driver.make<Seen>();
  Request request;
  PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr,
                                                &request.done, &request.status);
  MICA_REQUIRE(irp != nullptr);
  KIRQL old;
  KeRaiseIrql(APC_LEVEL, &old);
  MICA_CHECK(IoCallDriver(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(KeReadStateEvent(&request.done) == 0);
  KeLowerIrql(old);
  MICA_CHECK(KeReadStateEvent(&request.done) != 0);
}

MICA_CASE("Io: a direct control and a direct read are built on the pages of their buffers") {
  Driver driver;
  static constexpr auto fill = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
    MICA_REQUIRE(irp->MdlAddress != nullptr);
    *static_cast<CSHORT*>(device->DeviceExtension) = irp->MdlAddress->MdlFlags;
    *static_cast<unsigned char*>(MmGetSystemAddressForMdlSafe(irp->MdlAddress, 0)) = 0x5A;
    return complete(irp, STATUS_SUCCESS, 1);
  };
  driver->MajorFunction[IRP_MJ_READ] = driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = fill;
  PDEVICE_OBJECT const device = driver.make<CSHORT>();
  device->Flags |= DO_DIRECT_IO;
  auto* const data = static_cast<unsigned char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, 8, 'tseT'));
  MICA_REQUIRE(data != nullptr);
  Request control_request;
  PIRP irp = IoBuildDeviceIoControlRequest(control(METHOD_OUT_DIRECT), device, nullptr, 0, data, 8,
                                           FALSE, &control_request.done, &control_request.status);
  MICA_CHECK(control_request.send(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(data[0] == 0x5A && control_request.status.Information == 1);
  data[0] = 0;
  Request read;
  irp =
      IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, data, 8, nullptr, &read.done, &read.status);
  MICA_CHECK(read.send(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(data[0] == 0x5A);
  MICA_CHECK((*static_cast<CSHORT*>(device->DeviceExtension) & MDL_PAGES_LOCKED) != 0);
  void* const nowhere = reinterpret_cast<void*>(0x1000);
  MICA_CHECK(IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, nowhere, 8, nullptr, &read.done,
                                          &read.status) == nullptr);
  MICA_CHECK(IoBuildDeviceIoControlRequest(control(METHOD_IN_DIRECT), device, nullptr, 0, nowhere,
                                           8, FALSE, &read.done, &read.status) == nullptr);
  ExFreePool(data);
}

MICA_CASE("Io: an asynchronous request is its maker's to end") {
  Driver driver;
  driver->MajorFunction[IRP_MJ_WRITE] = answer;
  PDEVICE_OBJECT const device = driver.make<Seen>();
  device->Flags |= DO_BUFFERED_IO;
  Seen const& seen = *static_cast<Seen*>(device->DeviceExtension);
  unsigned char data[8] = {0x66};
  IO_STATUS_BLOCK result{};
  LARGE_INTEGER offset;
  offset.QuadPart = 12;
  PIRP const irp =
      IoBuildAsynchronousFsdRequest(IRP_MJ_WRITE, device, data, sizeof data, &offset, &result);
  MICA_REQUIRE(irp != nullptr);
  MICA_CHECK(irp->UserIosb == &result && irp->Tail.Overlay.Thread == PsGetCurrentThread());
  static constexpr auto end = [](PDEVICE_OBJECT, PIRP ended, PVOID context) NTAPI -> NTSTATUS {
    *static_cast<PIO_STATUS_BLOCK>(context) = ended->IoStatus;
    ExFreePool(ended->AssociatedIrp.SystemBuffer);
    IoFreeIrp(ended);
    return STATUS_MORE_PROCESSING_REQUIRED;
  };
  IoSetCompletionRoutine(irp, end, &result, TRUE, TRUE, TRUE);
  MICA_CHECK(IoCallDriver(device, irp) == STATUS_SUCCESS);
  MICA_CHECK(result.Information == 1 && seen.first == 0x66);
  MICA_CHECK(seen.stack.Parameters.Write.ByteOffset.QuadPart == 12);
}
