// Objects before they are inserted: memory, attributes, name.
#include <cstring>

#include "ob/state.hpp"

namespace mica::ob {

void* NTAPI allocate_object(POBJECT_TYPE type, std::size_t bytes) noexcept {
  auto* const header =
      static_cast<Header*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Header) + bytes, type->tag));
  if (header == nullptr) return nullptr;
  header->references.store(1, std::memory_order_relaxed);
  header->type = type;
  return header->body();
}

NTSTATUS NTAPI check_name(UNICODE_STRING const* name) noexcept {
  if (name->Length == 0) return STATUS_SUCCESS;
  if (name->Length % sizeof(WCHAR) != 0 || name->Buffer == nullptr)
    return STATUS_OBJECT_NAME_INVALID;
  return STATUS_SUCCESS;
}

NTSTATUS NTAPI check_attributes(OBJECT_ATTRIBUTES const* attributes) noexcept {
  if (attributes == nullptr) return STATUS_SUCCESS;
  if (attributes->Length != sizeof(OBJECT_ATTRIBUTES)) return STATUS_INVALID_PARAMETER;
  if ((attributes->Attributes & ~ULONG{OBJ_VALID_ATTRIBUTES}) != 0) return STATUS_INVALID_PARAMETER;
  return attributes->ObjectName == nullptr ? STATUS_SUCCESS : check_name(attributes->ObjectName);
}

NTSTATUS NTAPI give_name(Header& header, UNICODE_STRING const& path, HANDLE root) noexcept {
  auto* const name = static_cast<Name*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Name) + path.Length, tag_name));
  if (name == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  name->object = &header;
  name->root = root;
  name->path = {path.Length, path.Length, reinterpret_cast<WCHAR*>(name + 1)};
  std::memcpy(name->path.Buffer, path.Buffer, path.Length);
  if (header.name != nullptr) ExFreePoolWithTag(header.name, tag_name);
  header.name = name;
  return STATUS_SUCCESS;
}

}  // namespace mica::ob

using namespace mica::ob;

NTSTATUS NTAPI ObCreateObject(KPROCESSOR_MODE, POBJECT_TYPE ObjectType,
                              POBJECT_ATTRIBUTES ObjectAttributes, KPROCESSOR_MODE AccessMode,
                              PVOID, ULONG ObjectSize, ULONG, ULONG, PVOID* Object) {
  *Object = nullptr;
  NTSTATUS const valid = check_attributes(ObjectAttributes);
  if (!NT_SUCCESS(valid)) return valid;
  void* const object = allocate_object(ObjectType, ObjectSize);
  if (object == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  Header& header = header_of(object);
  header.owner_mode = AccessMode;
  if (ObjectAttributes != nullptr) {
    header.attributes.store(ObjectAttributes->Attributes, std::memory_order_relaxed);
    UNICODE_STRING const* const name = ObjectAttributes->ObjectName;
    if (name != nullptr && name->Length != 0) {
      NTSTATUS const named = give_name(header, *name, ObjectAttributes->RootDirectory);
      if (!NT_SUCCESS(named)) {
        // Never seen by its type: freed without the delete procedure.
        ExFreePoolWithTag(&header, ObjectType->tag);
        return named;
      }
    }
  }
  *Object = object;
  return STATUS_SUCCESS;
}

VOID NTAPI ObMakeTemporaryObject(PVOID Object) {
  release_name(header_of(Object), true);
}
