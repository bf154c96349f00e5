// Opening and referencing objects by name and by pointer.
#include "ob/handle.hpp"
#include "ob/lookup.hpp"
#include "ob/state.hpp"

using namespace mica::ob;

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE,
                                     ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                     KPROCESSOR_MODE AccessMode, PHANDLE Handle) {
  *Handle = nullptr;
  NTSTATUS const status = ObReferenceObjectByPointer(Object, DesiredAccess, ObjectType, AccessMode);
  if (!NT_SUCCESS(status)) return status;
  Header& header = header_of(Object);
  header.handles.fetch_add(1, std::memory_order_relaxed);
  return open_handle(header, DesiredAccess, HandleAttributes, Handle);
}

NTSTATUS NTAPI ObOpenObjectByName(POBJECT_ATTRIBUTES ObjectAttributes, POBJECT_TYPE ObjectType,
                                  KPROCESSOR_MODE AccessMode, PACCESS_STATE,
                                  ACCESS_MASK DesiredAccess, PVOID ParseContext, PHANDLE Handle) {
  *Handle = nullptr;
  if (ObjectAttributes == nullptr) return STATUS_INVALID_PARAMETER;
  NTSTATUS status = check_attributes(ObjectAttributes);
  if (!NT_SUCCESS(status)) return status;
  UNICODE_STRING const path =
      ObjectAttributes->ObjectName != nullptr ? *ObjectAttributes->ObjectName : UNICODE_STRING{};
  ACCESS_MASK granted = DesiredAccess;
  Search const search{path,
                      ObjectAttributes->RootDirectory,
                      ObjectAttributes->Attributes,
                      AccessMode,
                      ObjectType,
                      DesiredAccess,
                      ParseContext,
                      nullptr,
                      true,
                      &granted};
  void* object = nullptr;
  status = look_up(search, &object);
  if (!NT_SUCCESS(status)) return status;
  NTSTATUS const opened =
      open_handle(header_of(object), granted, ObjectAttributes->Attributes, Handle);
  return NT_SUCCESS(opened) ? status : opened;
}

NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes, PACCESS_STATE,
                                       ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                       KPROCESSOR_MODE AccessMode, PVOID ParseContext,
                                       PVOID* Object) {
  *Object = nullptr;
  if (ObjectName == nullptr || ObjectName->Length == 0) return STATUS_OBJECT_NAME_INVALID;
  NTSTATUS const valid = check_name(ObjectName);
  if (!NT_SUCCESS(valid)) return valid;
  Search const search{*ObjectName,   nullptr,      Attributes, AccessMode, ObjectType,
                      DesiredAccess, ParseContext, nullptr,    false};
  return look_up(search, Object);
}
