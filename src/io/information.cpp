// What is known of a file, asked and said by handle.
//                                           [MSDN ZwQueryInformationFile, ZwSetInformationFile]
#include <nt/zw/files.h>

#include <cstring>
#include <span>

#include "io/buffers.hpp"
#include "io/file_call.hpp"
#include "ke/verifier.hpp"

namespace mica::io {
namespace {

// What a class takes at least; a class that is not named is none.
struct Class {
  FILE_INFORMATION_CLASS number;
  ULONG bytes;
  ACCESS_MASK rights;  // one of them; 0: none is needed
};

constexpr ACCESS_MASK data_rights = FILE_READ_DATA | FILE_WRITE_DATA;

constexpr Class asked_classes[] = {
    {FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), FILE_READ_ATTRIBUTES},
    {FileStandardInformation, sizeof(FILE_STANDARD_INFORMATION), 0},
    {FileInternalInformation, 8, 0},
    {FileEaInformation, 4, 0},
    {FileAccessInformation, sizeof(FILE_ACCESS_INFORMATION), 0},
    {FileNameInformation, sizeof(FILE_NAME_INFORMATION), 0},
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), data_rights},
    {FileModeInformation, sizeof(FILE_MODE_INFORMATION), 0},
    {FileAlignmentInformation, sizeof(FILE_ALIGNMENT_INFORMATION), 0},
    {FileAlternateNameInformation, sizeof(FILE_NAME_INFORMATION), 0},
    {FileStreamInformation, 32, 0},
    {FileCompressionInformation, 16, 0},
    {FileNetworkOpenInformation, 56, FILE_READ_ATTRIBUTES},
    {FileAttributeTagInformation, 8, FILE_READ_ATTRIBUTES}};

constexpr Class set_classes[] = {
    {FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), FILE_WRITE_ATTRIBUTES},
    {FileDispositionInformation, sizeof(FILE_DISPOSITION_INFORMATION), DELETE},
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), data_rights},
    {FileModeInformation, sizeof(FILE_MODE_INFORMATION), 0},
    {FileAllocationInformation, sizeof(FILE_ALLOCATION_INFORMATION), FILE_WRITE_DATA},
    {FileEndOfFileInformation, sizeof(FILE_END_OF_FILE_INFORMATION), FILE_WRITE_DATA},
    {FileValidDataLengthInformation, 8, FILE_WRITE_DATA}};

struct Information {
  PVOID buffer;
  ULONG bytes;
  FILE_INFORMATION_CLASS number;
};

NTSTATUS check(FileCall const& call, std::span<Class const> classes,
               Information const& information) noexcept {
  for (Class const& known : classes) {
    if (known.number != information.number) continue;
    if (information.bytes < known.bytes) return STATUS_INFO_LENGTH_MISMATCH;
    return known.rights == 0 ? STATUS_SUCCESS : call.require_any(known.rights);
  }
  return STATUS_INVALID_INFO_CLASS;
}

// What of the file's mode may change.
constexpr ULONG modes[][2] = {{FILE_WRITE_THROUGH, FO_WRITE_THROUGH},
                              {FILE_SEQUENTIAL_ONLY, FO_SEQUENTIAL_ONLY},
                              {FILE_NO_INTERMEDIATE_BUFFERING, FO_NO_INTERMEDIATE_BUFFERING}};
constexpr ULONG synchronous_modes = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;

ULONG mode_of(FILE_OBJECT const& file) noexcept {
  ULONG mode = 0;
  for (auto const& pair : modes)
    if ((flags_of(file) & pair[1]) != 0) mode |= pair[0];
  if ((flags_of(file) & FO_SYNCHRONOUS_IO) == 0) return mode;
  bool const alertable = (flags_of(file) & FO_ALERTABLE_IO) != 0;
  return mode | (alertable ? FILE_SYNCHRONOUS_IO_ALERT : FILE_SYNCHRONOUS_IO_NONALERT);
}

// A file stays synchronous or not; whether its waits are alertable may change.
NTSTATUS set_mode(FileCall const& call, ULONG mode) noexcept {
  constexpr ULONG settable = FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | synchronous_modes;
  bool const synchronous = (mode & synchronous_modes) != 0;
  if ((mode & ~settable) != 0 || synchronous != call.synchronous() ||
      (mode & synchronous_modes) == synchronous_modes)
    return STATUS_INVALID_PARAMETER;
  FILE_OBJECT& file = call.file();
  clear_flags(file, FO_WRITE_THROUGH | FO_SEQUENTIAL_ONLY | FO_ALERTABLE_IO);
  if ((mode & FILE_WRITE_THROUGH) != 0) set_flags(file, FO_WRITE_THROUGH);
  if ((mode & FILE_SEQUENTIAL_ONLY) != 0) set_flags(file, FO_SEQUENTIAL_ONLY);
  if ((mode & FILE_SYNCHRONOUS_IO_ALERT) != 0) set_flags(file, FO_ALERTABLE_IO);
  return STATUS_SUCCESS;
}

NTSTATUS set_position(FileCall const& call, LARGE_INTEGER position) noexcept {
  FILE_OBJECT& file = call.file();
  bool const unbuffered = (flags_of(file) & FO_NO_INTERMEDIATE_BUFFERING) != 0;
  bool const aligned = !unbuffered || (position.QuadPart & call.device().AlignmentRequirement) == 0;
  if (position.QuadPart < 0 || !aligned || !call.synchronous()) return STATUS_INVALID_PARAMETER;
  file.CurrentByteOffset = position;
  return STATUS_SUCCESS;
}

template <class Structure>
NTSTATUS tell(Information const& information, Structure const& structure,
              IO_STATUS_BLOCK& result) noexcept {
  std::memcpy(information.buffer, &structure, sizeof structure);
  result.Status = STATUS_SUCCESS;
  result.Information = sizeof structure;
  return STATUS_SUCCESS;
}

NTSTATUS ask_driver(FileCall& call, Information const& information) noexcept {
  IRP* const irp = call.make(IRP_MJ_QUERY_INFORMATION);
  if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  auto& query = IoGetNextIrpStackLocation(irp)->Parameters.QueryFile;
  query.Length = information.bytes;
  query.FileInformationClass = information.number;
  NTSTATUS const status = give_answer(*irp, information.buffer, information.bytes);
  if (NT_SUCCESS(status)) return call.send(*irp);
  call.discard(*irp);
  return status;
}

NTSTATUS tell_driver(FileCall& call, Information const& information) noexcept {
  IRP* const irp = call.make(IRP_MJ_SET_INFORMATION);
  if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  auto& set = IoGetNextIrpStackLocation(irp)->Parameters.SetFile;
  set.Length = information.bytes;
  set.FileInformationClass = information.number;
  NTSTATUS const status =
      give_buffer(*irp, information.bytes, information.buffer, information.bytes);
  if (NT_SUCCESS(status)) return call.send(*irp);
  call.discard(*irp);
  return status;
}

NTSTATUS query(KPROCESSOR_MODE mode, HANDLE handle, PIO_STATUS_BLOCK result,
               Information const& information) noexcept {
  FileCall call{mode};
  NTSTATUS status = call.open(handle);
  if (!NT_SUCCESS(status)) return status;
  status = check(call, asked_classes, information);
  if (!NT_SUCCESS(status)) return status;
  switch (information.number) {
    case FileAccessInformation:
      return tell(information, FILE_ACCESS_INFORMATION{call.granted()}, *result);
    case FileAlignmentInformation:
      return tell(information, FILE_ALIGNMENT_INFORMATION{call.device().AlignmentRequirement},
                  *result);
    default:
      break;
  }
  status = call.lock(result);
  if (status != STATUS_SUCCESS) return status;
  if (information.number == FileModeInformation)
    return tell(information, FILE_MODE_INFORMATION{mode_of(call.file())}, *result);
  if (information.number == FilePositionInformation && call.synchronous())
    return tell(information, FILE_POSITION_INFORMATION{call.file().CurrentByteOffset}, *result);
  return ask_driver(call, information);
}

// Structures that follow no alignment.
template <class Structure>
Structure read(Information const& information) noexcept {
  Structure structure;
  std::memcpy(&structure, information.buffer, sizeof structure);
  return structure;
}

NTSTATUS set(KPROCESSOR_MODE mode, HANDLE handle, PIO_STATUS_BLOCK result,
             Information const& information) noexcept {
  FileCall call{mode};
  NTSTATUS status = call.open(handle);
  if (!NT_SUCCESS(status)) return status;
  status = check(call, set_classes, information);
  if (!NT_SUCCESS(status)) return status;
  status = call.lock(result);
  if (status != STATUS_SUCCESS) return status;
  if (information.number == FileModeInformation)
    status = set_mode(call, read<FILE_MODE_INFORMATION>(information).Mode);
  else if (information.number == FilePositionInformation)
    status = set_position(call, read<FILE_POSITION_INFORMATION>(information).CurrentByteOffset);
  else
    return tell_driver(call, information);
  if (!NT_SUCCESS(status)) return status;
  result->Status = STATUS_SUCCESS;
  result->Information = 0;
  return STATUS_SUCCESS;
}

}  // namespace
}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return query(KernelMode, FileHandle, IoStatusBlock,
               {FileInformation, Length, FileInformationClass});
}

NTSTATUS NTAPI NtQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return query(ExGetPreviousMode(), FileHandle, IoStatusBlock,
               {FileInformation, Length, FileInformationClass});
}

NTSTATUS NTAPI ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return set(KernelMode, FileHandle, IoStatusBlock,
             {FileInformation, Length, FileInformationClass});
}

NTSTATUS NTAPI NtSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                    PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return set(ExGetPreviousMode(), FileHandle, IoStatusBlock,
             {FileInformation, Length, FileInformationClass});
}
