// Opening files by name.                          [MSDN IoCreateFile, ZwCreateFile, ZwOpenFile]
#include <nt/zw/files.h>

#include "io/file.hpp"
#include "ke/verifier.hpp"

namespace mica::io {
namespace {

constexpr ULONG synchronous_options = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;

// What goes with FILE_DIRECTORY_FILE: what the page names, and what programs open directories with.
constexpr ULONG directory_options =
    FILE_DIRECTORY_FILE | synchronous_options | FILE_WRITE_THROUGH | FILE_OPEN_FOR_BACKUP_INTENT |
    FILE_OPEN_BY_FILE_ID | FILE_DELETE_ON_CLOSE | FILE_OPEN_REPARSE_POINT |
    FILE_COMPLETE_IF_OPLOCKED | FILE_NO_COMPRESSION | FILE_OPEN_FOR_FREE_SPACE_QUERY |
    FILE_OPEN_REQUIRING_OPLOCK | FILE_DISALLOW_EXCLUSIVE | FILE_SESSION_AWARE;

struct Create {
  HANDLE* handle;
  ACCESS_MASK access;
  OBJECT_ATTRIBUTES* attributes;
  IO_STATUS_BLOCK* result;
  OpenPacket packet;
};

bool any(ULONG value, ULONG bits) noexcept {
  return (value & bits) != 0;
}
bool all(ULONG value, ULONG bits) noexcept {
  return (value & bits) == bits;
}

bool fits_directory(OpenPacket const& packet) noexcept {
  bool const made_or_opened = packet.disposition == FILE_CREATE ||
                              packet.disposition == FILE_OPEN || packet.disposition == FILE_OPEN_IF;
  return made_or_opened && !any(packet.create_options, ~directory_options);
}

bool are_valid(Create const& create) noexcept {
  OpenPacket const& packet = create.packet;
  ULONG const options = packet.create_options;
  if (any(packet.file_attributes, ~ULONG{FILE_ATTRIBUTE_VALID_FLAGS})) return false;
  if (any(packet.share_access, ~ULONG{FILE_SHARE_VALID_FLAGS})) return false;
  if (any(options, ~ULONG{FILE_VALID_OPTION_FLAGS})) return false;
  if (packet.disposition > FILE_MAXIMUM_DISPOSITION) return false;
  if (any(options, synchronous_options) && !any(create.access, SYNCHRONIZE)) return false;
  if (all(options, synchronous_options)) return false;
  if (any(options, FILE_DELETE_ON_CLOSE) && !any(create.access, DELETE)) return false;
  if (any(options, FILE_DIRECTORY_FILE) && !fits_directory(packet)) return false;
  if (any(options, FILE_NO_INTERMEDIATE_BUFFERING) && any(create.access, FILE_APPEND_DATA))
    return false;
  if (packet.extended_attribute_bytes != 0 && packet.extended_attributes == nullptr) return false;
  return packet.allocation_size.QuadPart >= 0;
}

NTSTATUS create_file(Create& create, KPROCESSOR_MODE mode) noexcept {
  *create.handle = nullptr;
  if (!any(create.packet.options, IO_NO_PARAMETER_CHECKING) && !are_valid(create))
    return STATUS_INVALID_PARAMETER;
  NTSTATUS const status = ObOpenObjectByName(create.attributes, state().file_type, mode, nullptr,
                                             create.access, &create.packet, create.handle);
  if (NT_ERROR(status)) return status;
  *create.result = create.packet.result;
  return status;
}

// What ZwCreateFile is called with.
struct Parameters {
  HANDLE* handle;
  ACCESS_MASK access;
  OBJECT_ATTRIBUTES* attributes;
  IO_STATUS_BLOCK* result;
  LARGE_INTEGER* allocation_size;
  ULONG file_attributes;
  ULONG share_access;
  ULONG disposition;
  ULONG options;
  void* extended_attributes;
  ULONG extended_attribute_bytes;
};

NTSTATUS create_file(Parameters const& given, ULONG options, KPROCESSOR_MODE mode) noexcept {
  Create create{.handle = given.handle,
                .access = given.access,
                .attributes = given.attributes,
                .result = given.result,
                .packet = {.disposition = given.disposition,
                           .create_options = given.options,
                           .file_attributes = given.file_attributes,
                           .share_access = given.share_access,
                           .options = options,
                           .extended_attributes = given.extended_attributes,
                           .extended_attribute_bytes = given.extended_attribute_bytes}};
  if (given.allocation_size != nullptr) create.packet.allocation_size = *given.allocation_size;
  return create_file(create, mode);
}

}  // namespace
}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                            CREATE_FILE_TYPE CreateFileType, PVOID, ULONG Options) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  if (CreateFileType != CreateFileTypeNone) return STATUS_INVALID_PARAMETER;
  return create_file({FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                      FileAttributes, ShareAccess, Disposition, CreateOptions, EaBuffer, EaLength},
                     Options, KernelMode);
}

NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return create_file(
      {FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize, FileAttributes,
       ShareAccess, CreateDisposition, CreateOptions, EaBuffer, EaLength},
      0, KernelMode);
}

NTSTATUS NTAPI NtCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer,
                            ULONG EaLength) {
  MICA_REQUIRE_IRQL_AT_MOST(PASSIVE_LEVEL, FileHandle);
  return create_file(
      {FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize, FileAttributes,
       ShareAccess, CreateDisposition, CreateOptions, EaBuffer, EaLength},
      0, ExGetPreviousMode());
}

NTSTATUS NTAPI ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                          ULONG ShareAccess, ULONG OpenOptions) {
  return ZwCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, nullptr, 0,
                      ShareAccess, FILE_OPEN, OpenOptions, nullptr, 0);
}

NTSTATUS NTAPI NtOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                          ULONG ShareAccess, ULONG OpenOptions) {
  return NtCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, nullptr, 0,
                      ShareAccess, FILE_OPEN, OpenOptions, nullptr, 0);
}

NTSTATUS NTAPI NtClose(HANDLE Handle) {
  return ObCloseHandle(Handle, ExGetPreviousMode());
}
