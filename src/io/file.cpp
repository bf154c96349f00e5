#include "io/file.hpp"

#include <cstddef>
#include <cstring>

#include "base/list.hpp"
#include "io/device.hpp"
#include "io/request.hpp"
#include "ob/header.hpp"

namespace mica::io {
namespace {

// Sends cleanup or close; there is nobody to tell of an error.
void tell(FILE_OBJECT& file, UCHAR major) noexcept {
  ob::Reference const top{&reference_top(*file.DeviceObject)};
  auto& device = *static_cast<PDEVICE_OBJECT>(top.get());
  IRP* const irp = make_request(device, major);
  if (irp == nullptr) return;
  irp->Flags |= IRP_SYNCHRONOUS_API | (major == IRP_MJ_CLOSE ? IRP_CLOSE_OPERATION : 0);
  irp->Tail.Overlay.OriginalFileObject = &file;
  IoGetNextIrpStackLocation(irp)->FileObject = &file;
  static_cast<void>(send_and_wait(device, *irp));
}

// Whoever has a handle has an open file, so there is a device.
void NTAPI close_file(void* object, ULONG handles_before) noexcept {
  auto& file = *static_cast<PFILE_OBJECT>(object);
  if (handles_before == 1) {
    file.Flags |= FO_CLEANUP_COMPLETE;
    tell(file, IRP_MJ_CLEANUP);
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
  if (file.FileName.Buffer != nullptr) ExFreePoolWithTag(file.FileName.Buffer, tag_name);
}

// The device's name is the file's, and the path on the device follows it.
ULONG NTAPI file_path(void* object, WCHAR* buffer, ULONG bytes) noexcept {
  UNICODE_STRING const& path = static_cast<PFILE_OBJECT>(object)->FileName;
  if (bytes != 0) std::memcpy(buffer, path.Buffer, bytes < path.Length ? bytes : path.Length);
  return path.Length;
}

// The path with the backslash before it that the namespace took away; nothing stays nothing.
bool give_path(FILE_OBJECT& file, UNICODE_STRING const& path) noexcept {
  if (path.Length == 0) return true;
  USHORT const bytes = static_cast<USHORT>(path.Length + sizeof(WCHAR));
  auto* const text = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, tag_name));
  if (text == nullptr) return false;
  text[0] = OBJ_NAME_PATH_SEPARATOR;
  std::memcpy(text + 1, path.Buffer, path.Length);
  file.FileName = {bytes, bytes, text};
  return true;
}

void fill(FILE_OBJECT& file, OpenPacket const& packet) noexcept {
  file.Type = IO_TYPE_FILE;
  file.Size = sizeof(FILE_OBJECT);
  bool const synchronous =
      (packet.create_options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0;
  if (synchronous) file.Flags |= FO_SYNCHRONOUS_IO;
  KeInitializeEvent(&file.Lock, SynchronizationEvent, FALSE);
  KeInitializeEvent(&file.Event, NotificationEvent, FALSE);
  KeInitializeSpinLock(&file.IrpListLock);
  list_initialize(file.IrpList);
}

NTSTATUS send_create(FILE_OBJECT& file, ob::ParseRequest const& request,
                     OpenPacket& packet) noexcept {
  ob::Reference const top{&reference_top(*file.DeviceObject)};
  auto& device = *static_cast<PDEVICE_OBJECT>(top.get());
  IRP* const irp = make_request(device, IRP_MJ_CREATE);
  if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  IO_SECURITY_CONTEXT security{};
  security.DesiredAccess = ob::map_access(state().file_type, request.access);
  irp->Flags |= IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
  irp->RequestorMode = request.mode;
  irp->Tail.Overlay.OriginalFileObject = &file;
  IO_STACK_LOCATION& next = *IoGetNextIrpStackLocation(irp);
  next.FileObject = &file;
  next.Parameters.Create.SecurityContext = &security;
  next.Parameters.Create.Options = packet.disposition << 24 | packet.create_options;
  next.Parameters.Create.FileAttributes = static_cast<USHORT>(packet.file_attributes);
  next.Parameters.Create.ShareAccess = static_cast<USHORT>(packet.share_access);
  packet.result = send_and_wait(device, *irp);
  return packet.result.Status;
}

// A file on `device`, which is counted as open.
NTSTATUS open_file(DEVICE_OBJECT& device, ob::ParseRequest const& request, OpenPacket& packet,
                   void** found) noexcept {
  void* object = nullptr;
  NTSTATUS status = ObCreateObject(KernelMode, state().file_type, nullptr, request.mode, nullptr,
                                   sizeof(FILE_OBJECT), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  ob::Reference created{object};
  auto& file = *static_cast<PFILE_OBJECT>(object);
  fill(file, packet);
  if (!give_path(file, request.remaining)) return STATUS_INSUFFICIENT_RESOURCES;
  file.DeviceObject = &device;
  status = send_create(file, request, packet);
  if (!NT_SUCCESS(status)) {
    file.DeviceObject = nullptr;  // so that it is neither cleaned up nor closed
    return status;
  }
  ObfReferenceObject(&device);
  *found = created.release();
  return status;
}

}  // namespace

ob::TypeOptions file_type_options() noexcept {
  ob::TypeOptions options{};
  options.name = u"File";
  options.procedures.remove = [](void* object) NTAPI { remove_file(object); };
  options.procedures.close = [](void* object, ULONG handles_before)
                                 NTAPI { close_file(object, handles_before); };
  options.procedures.name_suffix = file_path;
  options.procedures.name_owner = [](void* object) NTAPI -> void* {
    auto& file = *static_cast<PFILE_OBJECT>(object);
    return file.DeviceObject != nullptr ? static_cast<void*>(file.DeviceObject) : object;
  };
  options.mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS};
  options.valid_access = FILE_ALL_ACCESS;
  options.tag = ob::pool_tag("File");
  options.dispatcher_offset = offsetof(FILE_OBJECT, Event);
  return options;
}

NTSTATUS NTAPI parse_device(void* object, ob::ParseRequest& request, void** found) {
  bool const opens_file = request.wanted == nullptr || request.wanted == state().file_type;
  if (request.context == nullptr || !opens_file) return STATUS_OBJECT_TYPE_MISMATCH;
  auto& device = *static_cast<PDEVICE_OBJECT>(object);
  NTSTATUS status = open_device(device);
  if (!NT_SUCCESS(status)) return status;
  status = open_file(device, request, *static_cast<OpenPacket*>(request.context), found);
  if (!NT_SUCCESS(status)) close_device(device);
  return status;
}

}  // namespace mica::io

using namespace mica::io;

NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                        PFILE_OBJECT* FileObject, PDEVICE_OBJECT* DeviceObject) {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, ObjectName, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                             nullptr, nullptr);
  OpenPacket packet{FILE_OPEN, FILE_NON_DIRECTORY_FILE, 0, 0, {}};
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
