#include "ob/directory_object.hpp"

#include <nt/zw/objects.h>

#include "ob/state.hpp"

namespace mica::ob {
namespace {

NTSTATUS make(OBJECT_ATTRIBUTES* attributes, void** object) noexcept {
  NTSTATUS const status = ObCreateObject(KernelMode, state().directory_type, attributes, KernelMode,
                                         nullptr, sizeof(Directory), 0, 0, object);
  if (NT_SUCCESS(status)) initialize_directory(*static_cast<Directory*>(*object));
  return status;
}

}  // namespace

_OBJECT_TYPE directory_type_body() noexcept {
  _OBJECT_TYPE type{};
  type.procedures.remove = [](void* object)
                               NTAPI { destroy_directory(*static_cast<Directory*>(object)); };
  type.mapping = {STANDARD_RIGHTS_READ | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                  STANDARD_RIGHTS_WRITE | DIRECTORY_CREATE_OBJECT | DIRECTORY_CREATE_SUBDIRECTORY,
                  STANDARD_RIGHTS_EXECUTE | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
                  DIRECTORY_ALL_ACCESS};
  type.valid_access = DIRECTORY_ALL_ACCESS;
  type.tag = tag_directory;
  return type;
}

NTSTATUS NTAPI create_directory(UNICODE_STRING path) noexcept {
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &path, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE, nullptr,
                             nullptr);
  void* directory = nullptr;
  NTSTATUS status = make(&attributes, &directory);
  if (!NT_SUCCESS(status)) return status;
  status = ObInsertObject(directory, nullptr, 0, 0, nullptr, nullptr);
  if (NT_SUCCESS(status)) ObfDereferenceObject(directory);  // its place in the namespace holds it
  return status;
}

}  // namespace mica::ob

using namespace mica::ob;

NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes) {
  *DirectoryHandle = nullptr;
  void* directory = nullptr;
  NTSTATUS const status = make(ObjectAttributes, &directory);
  if (!NT_SUCCESS(status)) return status;
  return ObInsertObject(directory, nullptr, DesiredAccess, 0, nullptr, DirectoryHandle);
}

NTSTATUS NTAPI ZwOpenDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                     POBJECT_ATTRIBUTES ObjectAttributes) {
  return ObOpenObjectByName(ObjectAttributes, state().directory_type, KernelMode, nullptr,
                            DesiredAccess, nullptr, DirectoryHandle);
}

NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE Handle) {
  void* object = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByHandle(Handle, DELETE, nullptr, KernelMode, &object, nullptr);
  if (!NT_SUCCESS(status)) return status;
  ObMakeTemporaryObject(object);
  ObfDereferenceObject(object);
  return STATUS_SUCCESS;
}
