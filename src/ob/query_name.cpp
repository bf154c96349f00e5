// The full path of an object.
#include <cstring>

#include "ob/state.hpp"

namespace mica::ob {
namespace {

bool is_root(Header& header) noexcept {
  return header.body() == state().names.root;
}

Header* parent_of(Header& header) noexcept {
  Name const* const name = header.name;
  return name != nullptr && name->directory != nullptr ? &header_of(name->directory) : nullptr;
}

// Bytes of the path; 0 for an object that stands nowhere. Namespace lock.
ULONG path_bytes(Header& header) noexcept {
  if (is_root(header)) return sizeof(WCHAR);
  ULONG bytes = 0;
  for (Header* at = &header; Header* const parent = parent_of(*at); at = parent) {
    bytes += at->name->component.Length + sizeof(WCHAR);
  }
  return bytes;
}

// Writes the path so that it ends at `end`. Namespace lock.
void write_path(Header& header, WCHAR* end) noexcept {
  if (is_root(header)) *--end = OBJ_NAME_PATH_SEPARATOR;
  for (Header* at = &header; Header* const parent = parent_of(*at); at = parent) {
    UNICODE_STRING const& component = at->name->component;
    end -= component.Length / sizeof(WCHAR);
    std::memcpy(end, component.Buffer, component.Length);
    *--end = OBJ_NAME_PATH_SEPARATOR;
  }
}

}  // namespace
}  // namespace mica::ob

using namespace mica::ob;

NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo,
                                 ULONG Length, PULONG ReturnLength) {
  TypeProcedures const& procedures = header_of(Object).type->procedures;
  Header& owner =
      header_of(procedures.name_owner != nullptr ? procedures.name_owner(Object) : Object);
  ULONG const suffix =
      procedures.name_suffix != nullptr ? procedures.name_suffix(Object, nullptr, 0) : 0;
  WCHAR* text = nullptr;  // behind the structure, once it is known to fit
  ULONG path = 0;
  {
    mica::ke::SpinGuard guard{state().names.lock};
    path = path_bytes(owner);
    ULONG const terminated = path + suffix != 0 ? path + suffix + sizeof(WCHAR) : 0;
    *ReturnLength = static_cast<ULONG>(sizeof(OBJECT_NAME_INFORMATION)) + terminated;
    if (Length < *ReturnLength) return STATUS_INFO_LENGTH_MISMATCH;
    text = reinterpret_cast<WCHAR*>(ObjectNameInfo + 1);
    write_path(owner, text + path / sizeof(WCHAR));
  }
  ULONG const bytes = path + suffix;
  if (bytes == 0) {
    ObjectNameInfo->Name = {};
    return STATUS_SUCCESS;
  }
  if (suffix != 0) procedures.name_suffix(Object, text + path / sizeof(WCHAR), suffix);
  text[bytes / sizeof(WCHAR)] = 0;
  ObjectNameInfo->Name = {static_cast<USHORT>(bytes), static_cast<USHORT>(bytes + sizeof(WCHAR)),
                          text};
  return STATUS_SUCCESS;
}
