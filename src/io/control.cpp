// Control codes by handle, and what else a file is asked to do.
//                   [MSDN ZwDeviceIoControlFile, ZwFsControlFile, ZwFlushBuffersFile, CancelIo]
#include <nt/zw/files.h>

#include "io/buffers.hpp"
#include "io/file_call.hpp"
#include "io/thread_requests.hpp"
#include "ke/verifier.hpp"

namespace mica::io {
namespace {

struct Control {
  UCHAR major;
  ULONG code;
  PVOID input;
  ULONG input_bytes;
  PVOID output;
  ULONG output_bytes;
};

// Bits 14 and 15 of a code are FILE_READ_ACCESS and FILE_WRITE_ACCESS, which are FILE_READ_DATA and
// FILE_WRITE_DATA.                                     [MSDN "Defining I/O Control Codes"]
constexpr ACCESS_MASK rights_of(ULONG code) noexcept {
  return code >> 14 & (FILE_READ_ACCESS | FILE_WRITE_ACCESS);
}
static_assert(FILE_READ_ACCESS == FILE_READ_DATA && FILE_WRITE_ACCESS == FILE_WRITE_DATA);

NTSTATUS send(FileCall& call, Control const& control) noexcept {
  IRP* const irp = call.make(control.major);
  if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
  // FileSystemControl has the same layout, but is a structure of its own.
  next.Parameters.DeviceIoControl.IoControlCode = control.code;
  next.Parameters.DeviceIoControl.InputBufferLength = control.input_bytes;
  next.Parameters.DeviceIoControl.OutputBufferLength = control.output_bytes;
  NTSTATUS const status = give_control_buffers(*irp, next, control.input, control.output);
  if (NT_SUCCESS(status)) return call.send(*irp);
  call.discard(*irp);
  return status;
}

NTSTATUS control_file(KPROCESSOR_MODE mode, HANDLE handle, Notice const& notice,
                      Control const& control) noexcept {
  FileCall call{mode};
  NTSTATUS status = call.open(handle);
  if (!NT_SUCCESS(status)) return status;
  status = call.require_all(rights_of(control.code));
  if (!NT_SUCCESS(status)) return status;
  status = call.lock(notice);
  return status == STATUS_SUCCESS ? send(call, control) : status;
}

}  // namespace
}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                     ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return control_file(KernelMode, FileHandle, {Event, ApcRoutine, ApcContext, IoStatusBlock},
                      {IRP_MJ_DEVICE_CONTROL, IoControlCode, InputBuffer, InputBufferLength,
                       OutputBuffer, OutputBufferLength});
}

NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                                     ULONG IoControlCode, PVOID InputBuffer,
                                     ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return control_file(ExGetPreviousMode(), FileHandle,
                      {Event, ApcRoutine, ApcContext, IoStatusBlock},
                      {IRP_MJ_DEVICE_CONTROL, IoControlCode, InputBuffer, InputBufferLength,
                       OutputBuffer, OutputBufferLength});
}

NTSTATUS NTAPI ZwFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                               PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                               ULONG FsControlCode, PVOID InputBuffer, ULONG InputBufferLength,
                               PVOID OutputBuffer, ULONG OutputBufferLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return control_file(KernelMode, FileHandle, {Event, ApcRoutine, ApcContext, IoStatusBlock},
                      {IRP_MJ_FILE_SYSTEM_CONTROL, FsControlCode, InputBuffer, InputBufferLength,
                       OutputBuffer, OutputBufferLength});
}

NTSTATUS NTAPI NtFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                               PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock,
                               ULONG FsControlCode, PVOID InputBuffer, ULONG InputBufferLength,
                               PVOID OutputBuffer, ULONG OutputBufferLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return control_file(ExGetPreviousMode(), FileHandle,
                      {Event, ApcRoutine, ApcContext, IoStatusBlock},
                      {IRP_MJ_FILE_SYSTEM_CONTROL, FsControlCode, InputBuffer, InputBufferLength,
                       OutputBuffer, OutputBufferLength});
}

NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  FileCall call{KernelMode};
  NTSTATUS status = call.open(FileHandle);
  if (!NT_SUCCESS(status)) return status;
  status = call.lock(IoStatusBlock);
  if (status != STATUS_SUCCESS) return status;
  IRP* const irp = call.make(IRP_MJ_FLUSH_BUFFERS);
  return irp != nullptr ? call.send(*irp) : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI ZwCancelIoFileEx(HANDLE FileHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                PIO_STATUS_BLOCK IoStatusBlock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  FileCall call{KernelMode};
  NTSTATUS status = call.open(FileHandle);
  if (!NT_SUCCESS(status)) return status;
  if (!cancel_everywhere({.file = &call.file(), .result = IoRequestToCancel}))
    status = STATUS_NOT_FOUND;
  IoStatusBlock->Status = status;
  IoStatusBlock->Information = 0;
  return status;
}

NTSTATUS NTAPI ZwCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  FileCall call{KernelMode};
  NTSTATUS const status = call.open(FileHandle);
  if (!NT_SUCCESS(status)) return status;
  cancel_and_wait(&call.file());
  IoStatusBlock->Status = STATUS_SUCCESS;
  IoStatusBlock->Information = 0;
  return STATUS_SUCCESS;
}
