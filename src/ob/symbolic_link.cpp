#include "ob/symbolic_link.hpp"

#include <cstring>

#include <nt/zw/objects.h>

#include "ob/state.hpp"

namespace mica::ob {
namespace {

// The target's characters follow; nobody changes them.
struct Link {
  UNICODE_STRING target;
};

// target, a backslash where one is due, what remained.
NTSTATUS NTAPI parse_link(void* object, ParseRequest& request, void**) noexcept {
  UNICODE_STRING const& target = static_cast<Link*>(object)->target;
  UNICODE_STRING const& rest = request.remaining;
  ULONG const target_chars = target.Length / sizeof(WCHAR);
  bool const separated =
      rest.Length == 0 || target.Buffer[target_chars - 1] == OBJ_NAME_PATH_SEPARATOR;
  ULONG const bytes = target.Length + rest.Length + (separated ? 0u : sizeof(WCHAR));
  if (bytes > 0xFFFE) return STATUS_NAME_TOO_LONG;
  auto* const path = static_cast<WCHAR*>(ExAllocatePool2(POOL_FLAG_PAGED, bytes, tag_name));
  if (path == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  std::memcpy(path, target.Buffer, target.Length);
  WCHAR* tail = path + target_chars;
  if (!separated) *tail++ = OBJ_NAME_PATH_SEPARATOR;
  if (rest.Length != 0) std::memcpy(tail, rest.Buffer, rest.Length);
  request.replacement = {static_cast<USHORT>(bytes), static_cast<USHORT>(bytes), path};
  return STATUS_REPARSE;
}

NTSTATUS make(OBJECT_ATTRIBUTES* attributes, UNICODE_STRING const& target, void** object) noexcept {
  *object = nullptr;
  if (target.Length == 0 || target.Length % sizeof(WCHAR) != 0) return STATUS_INVALID_PARAMETER;
  NTSTATUS const status =
      ObCreateObject(KernelMode, state().link_type, attributes, KernelMode, nullptr,
                     static_cast<ULONG>(sizeof(Link)) + target.Length, 0, 0, object);
  if (!NT_SUCCESS(status)) return status;
  auto* const link = static_cast<Link*>(*object);
  link->target = {target.Length, target.Length, reinterpret_cast<WCHAR*>(link + 1)};
  std::memcpy(link->target.Buffer, target.Buffer, target.Length);
  return status;
}

}  // namespace

TypeOptions link_type_options() noexcept {
  TypeOptions options{};
  options.name = u"SymbolicLink";
  options.procedures.parse = parse_link;
  options.mapping = {STANDARD_RIGHTS_READ | SYMBOLIC_LINK_QUERY, STANDARD_RIGHTS_WRITE,
                     STANDARD_RIGHTS_EXECUTE | SYMBOLIC_LINK_QUERY, SYMBOLIC_LINK_ALL_ACCESS};
  options.valid_access = SYMBOLIC_LINK_ALL_ACCESS;
  options.tag = pool_tag("ObLy");
  return options;
}

NTSTATUS NTAPI create_link(UNICODE_STRING path, UNICODE_STRING const& target,
                           ULONG attributes) noexcept {
  OBJECT_ATTRIBUTES named;
  InitializeObjectAttributes(&named, &path, attributes | OBJ_CASE_INSENSITIVE, nullptr, nullptr);
  void* link = nullptr;
  NTSTATUS status = make(&named, target, &link);
  if (!NT_SUCCESS(status)) return status;
  status = ObInsertObject(link, nullptr, 0, 0, nullptr, nullptr);
  if (NT_SUCCESS(status)) ObfDereferenceObject(link);  // its place in the namespace holds it
  return status;
}

NTSTATUS NTAPI remove_link(UNICODE_STRING path) noexcept {
  void* link = nullptr;
  NTSTATUS const status =
      ObReferenceObjectByName(&path, OBJ_CASE_INSENSITIVE | OBJ_OPENLINK, nullptr, DELETE,
                              state().link_type, KernelMode, nullptr, &link);
  if (!NT_SUCCESS(status)) return status;
  ObMakeTemporaryObject(link);
  ObfDereferenceObject(link);
  return STATUS_SUCCESS;
}

}  // namespace mica::ob

using namespace mica::ob;

NTSTATUS NTAPI ZwCreateSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes,
                                          PUNICODE_STRING LinkTarget) {
  *LinkHandle = nullptr;
  void* link = nullptr;
  NTSTATUS const status = make(ObjectAttributes, *LinkTarget, &link);
  if (!NT_SUCCESS(status)) return status;
  return ObInsertObject(link, nullptr, DesiredAccess, 0, nullptr, LinkHandle);
}

NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes) {
  return ObOpenObjectByName(ObjectAttributes, state().link_type, KernelMode, nullptr, DesiredAccess,
                            nullptr, LinkHandle);
}

NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget,
                                         PULONG ReturnedLength) {
  void* object = nullptr;
  NTSTATUS const status = ObReferenceObjectByHandle(
      LinkHandle, SYMBOLIC_LINK_QUERY, state().link_type, KernelMode, &object, nullptr);
  if (!NT_SUCCESS(status)) return status;
  Reference const held{object};
  UNICODE_STRING const& target = static_cast<Link*>(object)->target;
  if (ReturnedLength != nullptr) *ReturnedLength = target.Length;
  if (LinkTarget->MaximumLength < target.Length) return STATUS_BUFFER_TOO_SMALL;
  std::memcpy(LinkTarget->Buffer, target.Buffer, target.Length);
  LinkTarget->Length = target.Length;
  return STATUS_SUCCESS;
}
