// Reads and writes by handle.                                       [MSDN ZwReadFile, ZwWriteFile]
#include <nt/zw/files.h>

#include "io/buffers.hpp"
#include "io/file_call.hpp"
#include "ke/verifier.hpp"

namespace mica::io {
namespace {

struct Data {
  PVOID buffer;
  ULONG bytes;
  LARGE_INTEGER const* offset;
  ULONG const* key;
};

bool is_special(LARGE_INTEGER const& offset, ULONG low) noexcept {
  return offset.HighPart == -1 && offset.LowPart == low;
}

// A handle that may only append writes to the end, whatever it says.
bool only_appends(ACCESS_MASK granted) noexcept {
  return (granted & (FILE_APPEND_DATA | FILE_WRITE_DATA)) == FILE_APPEND_DATA;
}

NTSTATUS find_offset(FileCall const& call, bool reads, LARGE_INTEGER const* given,
                     LARGE_INTEGER& offset) noexcept {
  FILE_OBJECT const& file = call.file();
  if (!reads && only_appends(call.granted())) {
    offset.LowPart = FILE_WRITE_TO_END_OF_FILE;
    offset.HighPart = -1;
    return STATUS_SUCCESS;
  }
  bool const at_position = given == nullptr || is_special(*given, FILE_USE_FILE_POINTER_POSITION);
  if (at_position && call.synchronous()) {
    offset = file.CurrentByteOffset;
    return STATUS_SUCCESS;
  }
  bool const has_no_offsets = (flags_of(file) & (FO_NAMED_PIPE | FO_MAILSLOT)) != 0;
  if (given == nullptr) return has_no_offsets ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
  offset = *given;
  bool const to_end = !reads && is_special(offset, FILE_WRITE_TO_END_OF_FILE);
  return to_end || offset.QuadPart >= 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

// Whole sectors, where the device may transfer.                [MSDN ZwCreateFile, CreateOptions]
bool is_unbuffered_transfer(DEVICE_OBJECT const& device, Data const& data,
                            LARGE_INTEGER const& offset) noexcept {
  auto const address = reinterpret_cast<ULONG_PTR>(data.buffer);
  if ((address & device.AlignmentRequirement) != 0) return false;
  ULONG const sector = device.SectorSize;
  if (sector == 0) return true;
  bool const placed = offset.QuadPart >= 0;
  return data.bytes % sector == 0 && (!placed || offset.QuadPart % sector == 0);
}

// Read and Write have one layout, but each is a structure of its own.
void fill(IO_STACK_LOCATION& next, bool reads, Data const& data, LARGE_INTEGER offset) noexcept {
  ULONG const key = data.key != nullptr ? *data.key : 0;
  if (reads) {
    next.Parameters.Read.Length = data.bytes;
    next.Parameters.Read.Key = key;
    next.Parameters.Read.ByteOffset = offset;
  } else {
    next.Parameters.Write.Length = data.bytes;
    next.Parameters.Write.Key = key;
    next.Parameters.Write.ByteOffset = offset;
  }
}

NTSTATUS send(FileCall& call, bool reads, Data const& data, LARGE_INTEGER offset) noexcept {
  IRP* const irp = call.make(reads ? IRP_MJ_READ : IRP_MJ_WRITE);
  if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  ULONG const flags = flags_of(call.file());
  IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
  fill(next, reads, data, offset);
  if (!reads && (flags & FO_WRITE_THROUGH) != 0) next.Flags |= SL_WRITE_THROUGH;
  irp->Flags |= reads ? IRP_READ_OPERATION : IRP_WRITE_OPERATION;
  if ((flags & FO_NO_INTERMEDIATE_BUFFERING) != 0) irp->Flags |= IRP_NOCACHE;
  NTSTATUS const status = give_data(*irp, call.device(), reads, data.buffer, data.bytes);
  if (NT_SUCCESS(status)) return call.send(*irp);
  call.discard(*irp);
  return status;
}

NTSTATUS transfer(KPROCESSOR_MODE mode, HANDLE handle, bool reads, Notice const& notice,
                  Data const& data) noexcept {
  FileCall call{mode};
  NTSTATUS status = call.open(handle);
  if (!NT_SUCCESS(status)) return status;
  status = call.require_any(reads ? FILE_READ_DATA : FILE_WRITE_DATA | FILE_APPEND_DATA);
  if (!NT_SUCCESS(status)) return status;
  LARGE_INTEGER offset{};
  status = call.lock(notice);  // the position is that of whoever has the file
  if (status != STATUS_SUCCESS) return status;
  status = find_offset(call, reads, data.offset, offset);
  if (!NT_SUCCESS(status)) return status;
  bool const unbuffered = (flags_of(call.file()) & FO_NO_INTERMEDIATE_BUFFERING) != 0;
  if (unbuffered && !is_unbuffered_transfer(call.device(), data, offset))
    return STATUS_INVALID_PARAMETER;
  return send(call, reads, data, offset);
}

}  // namespace
}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                          ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return transfer(KernelMode, FileHandle, true, {Event, ApcRoutine, ApcContext, IoStatusBlock},
                  {Buffer, Length, ByteOffset, Key});
}

NTSTATUS NTAPI NtReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                          PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                          ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return transfer(ExGetPreviousMode(), FileHandle, true,
                  {Event, ApcRoutine, ApcContext, IoStatusBlock},
                  {Buffer, Length, ByteOffset, Key});
}

NTSTATUS NTAPI ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                           PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return transfer(KernelMode, FileHandle, false, {Event, ApcRoutine, ApcContext, IoStatusBlock},
                  {Buffer, Length, ByteOffset, Key});
}

NTSTATUS NTAPI NtWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                           PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer,
                           ULONG Length, PLARGE_INTEGER ByteOffset, PULONG Key) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return transfer(ExGetPreviousMode(), FileHandle, false,
                  {Event, ApcRoutine, ApcContext, IoStatusBlock},
                  {Buffer, Length, ByteOffset, Key});
}
