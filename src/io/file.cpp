#include "io/file.hpp"

#include <cstddef>
#include <cstring>

#include "base/list.hpp"
#include "io/buffers.hpp"
#include "io/device.hpp"
#include "io/open_access.hpp"
#include "io/request.hpp"
#include "ob/header.hpp"

namespace mica::io {
namespace {

// Sends cleanup or close. There is nobody to tell of an error, and a driver that is not told keeps
// what it has for the file.
void tell(FILE_OBJECT& file, UCHAR major) noexcept {
  ob::Reference const top{&reference_top(*file.DeviceObject)};
  auto& device = *static_cast<PDEVICE_OBJECT>(top.get());
  IRP& irp = must_make_request(device, major, owner::waiter);
  irp.Flags |= IRP_SYNCHRONOUS_API | (major == IRP_MJ_CLOSE ? IRP_CLOSE_OPERATION : 0);
  irp.Tail.Overlay.OriginalFileObject = &file;
  IoGetNextIrpStackLocation(&irp)->FileObject = &file;
  static_cast<void>(send_and_wait(device, irp));
}

// Whoever has a handle has an open file, so there is a device.
void NTAPI close_file(void* object, ULONG handles_before) noexcept {
  auto& file = *static_cast<PFILE_OBJECT>(object);
  if (handles_before == 1) {
    tell(file, IRP_MJ_CLEANUP);
    set_flags(file, FO_CLEANUP_COMPLETE);
  }
}

// A file that was never opened has no device.
void NTAPI remove_file(void* object) noexcept {
  auto& file = *static_cast<PFILE_OBJECT>(object);
  if (file.DeviceObject != nullptr) {
    tell(file, IRP_MJ_CLOSE);
    close_device(*file.DeviceObject);
    ObfDereferenceObject(file.DeviceObject);
  }
  // Of whatever tag: a driver may have put another name there.
  if (file.FileName.Buffer != nullptr) ExFreePool(file.FileName.Buffer);
}

// The device's name is the file's, and the path on the device follows it.
ULONG NTAPI file_path(void* object, WCHAR* buffer, ULONG bytes) noexcept {
  UNICODE_STRING const& path = static_cast<PFILE_OBJECT>(object)->FileName;
  if (bytes != 0) std::memcpy(buffer, path.Buffer, bytes);
  return path.Length;
}

// The path with the backslash before it that the namespace took away, if there was one: with it, it
// is a part of a name still, and no longer than that. Nothing stays nothing.
NTSTATUS give_path(FILE_OBJECT& file, ob::ParseRequest const& request) noexcept {
  UNICODE_STRING const& path = request.remaining;
  USHORT const before = request.separated ? sizeof(WCHAR) : 0;
  USHORT const bytes = static_cast<USHORT>(before + path.Length);
  if (bytes == 0) return STATUS_SUCCESS;
  auto* const text = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag_name));
  if (text == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  text[0] = OBJ_NAME_PATH_SEPARATOR;
  std::memcpy(text + before / sizeof(WCHAR), path.Buffer, path.Length);
  file.FileName = {bytes, bytes, text};
  return STATUS_SUCCESS;
}

// What the file's flags say of how it was opened.
ULONG flags_for(ULONG options, ULONG attributes) noexcept {
  struct Pair {
    ULONG option;
    ULONG flag;
  };
  constexpr Pair pairs[] = {{FILE_SYNCHRONOUS_IO_ALERT, FO_SYNCHRONOUS_IO | FO_ALERTABLE_IO},
                            {FILE_SYNCHRONOUS_IO_NONALERT, FO_SYNCHRONOUS_IO},
                            {FILE_WRITE_THROUGH, FO_WRITE_THROUGH},
                            {FILE_NO_INTERMEDIATE_BUFFERING, FO_NO_INTERMEDIATE_BUFFERING},
                            {FILE_SEQUENTIAL_ONLY, FO_SEQUENTIAL_ONLY},
                            {FILE_RANDOM_ACCESS, FO_RANDOM_ACCESS}};
  ULONG flags = (attributes & OBJ_CASE_INSENSITIVE) != 0 ? 0 : FO_OPENED_CASE_SENSITIVE;
  for (Pair const& pair : pairs)
    if ((options & pair.option) != 0) flags |= pair.flag;
  return flags;
}

void fill(FILE_OBJECT& file, ob::ParseRequest const& request, OpenPacket const& packet) noexcept {
  file.Type = IO_TYPE_FILE;
  file.Size = sizeof(FILE_OBJECT);
  file.Flags = flags_for(packet.create_options, request.attributes);
  KeInitializeEvent(&file.Lock, SynchronizationEvent, FALSE);
  KeInitializeEvent(&file.Event, NotificationEvent, FALSE);
  KeInitializeSpinLock(&file.IrpListLock);
  list_initialize(file.IrpList);
}

NTSTATUS send_create(FILE_OBJECT& file, ob::ParseRequest const& request,
                     OpenPacket& packet) noexcept {
  ob::Reference const top{&reference_top(*file.DeviceObject)};
  auto& device = *static_cast<PDEVICE_OBJECT>(top.get());
  IRP* const irp = make_request(device, IRP_MJ_CREATE, owner::waiter);
  if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  NTSTATUS const status = give_buffer(*irp, packet.extended_attribute_bytes,
                                      packet.extended_attributes, packet.extended_attribute_bytes);
  if (!NT_SUCCESS(status)) {
    free_request(*irp);
    return status;
  }
  IO_SECURITY_CONTEXT security{};
  security.DesiredAccess = ob::map_access(state().file_type, request.access);
  security.FullCreateOptions = packet.create_options;
  irp->Overlay.AllocationSize = packet.allocation_size;
  irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
  irp->RequestorMode = request.mode;
  irp->Tail.Overlay.OriginalFileObject = &file;
  IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
  next.FileObject = &file;
  next.Flags = (file.Flags & FO_OPENED_CASE_SENSITIVE) != 0 ? SL_CASE_SENSITIVE : 0;
  if ((packet.options & IO_FORCE_ACCESS_CHECK) != 0) next.Flags |= SL_FORCE_ACCESS_CHECK;
  next.Parameters.Create.SecurityContext = &security;
  next.Parameters.Create.Options = packet.disposition << 24 | packet.create_options;
  next.Parameters.Create.FileAttributes = static_cast<USHORT>(packet.file_attributes);
  next.Parameters.Create.ShareAccess = static_cast<USHORT>(packet.share_access);
  next.Parameters.Create.EaLength = packet.extended_attribute_bytes;
  packet.result = send_and_wait(device, *irp);
  return packet.result.Status;
}

bool is_open(NTSTATUS status) noexcept {
  return NT_SUCCESS(status) && status != STATUS_REPARSE;
}

// The driver has put another name into the file: the search begins anew with that.
//                                                                [MSDN IRP_MJ_CREATE, IO_REPARSE]
NTSTATUS go_elsewhere(FILE_OBJECT const& file, IO_STATUS_BLOCK const& result,
                      ob::ParseRequest& request) noexcept {
  if (result.Information != IO_REPARSE) return STATUS_IO_REPARSE_TAG_NOT_HANDLED;
  UNICODE_STRING const& name = file.FileName;
  if (name.Length == 0) return STATUS_OBJECT_NAME_INVALID;
  auto* const text =
      static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, name.Length, ob::tag_name));
  if (text == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  std::memcpy(text, name.Buffer, name.Length);
  request.replacement = {name.Length, name.Length, text};
  return STATUS_REPARSE;
}

// A file on `device`, which is counted as open; `related`, unless null, is what its name is
// relative to.
NTSTATUS open_file(DEVICE_OBJECT& device, FILE_OBJECT* related, ob::ParseRequest& request,
                   void** found) noexcept {
  auto& packet = *static_cast<OpenPacket*>(request.context);
  void* object = nullptr;
  NTSTATUS status = ObCreateObject(KernelMode, state().file_type, nullptr, request.mode, nullptr,
                                   sizeof(FILE_OBJECT), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  ob::Reference created{object};
  auto& file = *static_cast<PFILE_OBJECT>(object);
  fill(file, request, packet);
  status = give_path(file, request);
  if (!NT_SUCCESS(status)) return status;
  file.DeviceObject = &device;
  file.RelatedFileObject = related;  // for as long as the create lasts, in which it is kept
  status = send_create(file, request, packet);
  file.RelatedFileObject = nullptr;
  if (status == STATUS_REPARSE) status = go_elsewhere(file, packet.result, request);
  if (!is_open(status)) {
    file.DeviceObject = nullptr;  // so that it is neither cleaned up nor closed
    return status;
  }
  ObfReferenceObject(&device);
  *found = created.release();
  return status;
}

NTSTATUS open_on(DEVICE_OBJECT& device, FILE_OBJECT* related, ob::ParseRequest& request,
                 void** found) noexcept {
  // Who names no type has a context of another kind, if any.
  if (request.context == nullptr || request.wanted != state().file_type)
    return STATUS_OBJECT_TYPE_MISMATCH;
  NTSTATUS status = judge_open(device, request);
  if (NT_SUCCESS(status)) status = open_device(device);
  if (!NT_SUCCESS(status)) return status;
  status = open_file(device, related, request, found);
  if (!is_open(status)) close_device(device);
  return status;
}

// A name that is relative to an open file: on the same device.
NTSTATUS NTAPI parse_file(void* object, ob::ParseRequest& request, void** found) {
  auto& related = *static_cast<PFILE_OBJECT>(object);
  return open_on(*related.DeviceObject, &related, request, found);
}

}  // namespace

ob::TypeOptions file_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"File";
  options.procedures.remove = [](void* object) NTAPI { remove_file(object); };
  options.procedures.parse = parse_file;
  options.procedures.close = [](void* object, ULONG handles_before)
                                 NTAPI { close_file(object, handles_before); };
  options.procedures.name_suffix = file_path;
  options.procedures.name_owner = [](void* object) NTAPI -> void* {
    auto& file = *static_cast<PFILE_OBJECT>(object);
    return file.DeviceObject != nullptr ? static_cast<void*>(file.DeviceObject) : object;
  };
  // One that is an open device has the device's; of others only a file system would know.
  options.procedures.descriptor = [](void* object) NTAPI -> PSECURITY_DESCRIPTOR* {
    auto& file = *static_cast<PFILE_OBJECT>(object);
    bool const is_device = file.DeviceObject != nullptr && file.FileName.Length == 0;
    return is_device ? &file.DeviceObject->SecurityDescriptor : nullptr;
  };
  options.mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
  options.valid_access = FILE_ALL_ACCESS;
  options.tag = ob::pool_tag("File");
  options.dispatcher_offset = offsetof(FILE_OBJECT, Event);
  return options;
}

NTSTATUS NTAPI parse_device(void* object, ob::ParseRequest& request, void** found) {
  return open_on(*static_cast<PDEVICE_OBJECT>(object), nullptr, request, found);
}

}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                        PFILE_OBJECT* FileObject, PDEVICE_OBJECT* DeviceObject) {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, ObjectName, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                             nullptr, nullptr);
  OpenPacket packet;
  packet.create_options = FILE_NON_DIRECTORY_FILE;
  HANDLE handle = nullptr;
  NTSTATUS status = ObOpenObjectByName(&attributes, state().file_type, KernelMode, nullptr,
                                       DesiredAccess, &packet, &handle);
  if (!NT_SUCCESS(status)) return status;
  void* object = nullptr;
  status = ObReferenceObjectByHandle(handle, 0, state().file_type, KernelMode, &object, nullptr);
  if (NT_SUCCESS(status)) {
    *FileObject = static_cast<PFILE_OBJECT>(object);
    *DeviceObject = IoGetRelatedDeviceObject(*FileObject);
  }
  ObCloseHandle(handle, KernelMode);
  return status;
}
