#include "ob/type.hpp"

#include <nt/se/descriptor.h>

#include "ob/state.hpp"

namespace mica::ob {

NTSTATUS NTAPI create_type(TypeOptions const& options, POBJECT_TYPE* type) noexcept {
  *type = nullptr;
  constexpr char16_t folder[] = u"\\ObjectTypes\\";
  constexpr ULONG folder_chars = sizeof folder / sizeof(WCHAR) - 1;
  constexpr ULONG name_chars_max = 40;
  WCHAR buffer[folder_chars + name_chars_max];
  ULONG chars = 0;
  while (chars < folder_chars) {
    buffer[chars] = static_cast<WCHAR>(folder[chars]);
    ++chars;
  }
  for (char16_t const* from = options.name; *from != 0; ++from) {
    if (chars == sizeof buffer / sizeof(WCHAR)) return STATUS_OBJECT_NAME_INVALID;
    buffer[chars++] = static_cast<WCHAR>(*from);
  }
  auto const bytes = static_cast<USHORT>(chars * sizeof(WCHAR));
  UNICODE_STRING name{bytes, bytes, buffer};
  OBJECT_ATTRIBUTES attributes;
  InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, nullptr,
                             nullptr);
  void* object = nullptr;
  NTSTATUS status = ObCreateObject(KernelMode, state().type_type, &attributes, KernelMode, nullptr,
                                   sizeof(OBJECT_TYPE), 0, 0, &object);
  if (!NT_SUCCESS(status)) return status;
  auto* const made = static_cast<POBJECT_TYPE>(object);
  *made = {options.procedures, options.mapping,           options.valid_access,
           options.tag,        options.dispatcher_offset, options.removable_access};
  status = ObInsertObject(made, nullptr, 0, 0, nullptr, nullptr);
  if (NT_SUCCESS(status)) *type = made;
  return status;
}

ACCESS_MASK NTAPI map_access(POBJECT_TYPE type, ACCESS_MASK desired) noexcept {
  ACCESS_MASK access = desired;
  RtlMapGenericMask(&access, &type->mapping);
  if ((desired & MAXIMUM_ALLOWED) != 0) access |= type->valid_access;
  return access & (type->valid_access | ACCESS_SYSTEM_SECURITY);
}

}  // namespace mica::ob
