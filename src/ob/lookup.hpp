// From a name to an object.
//   IRQL PASSIVE_LEVEL; may call parse procedures of other layers, holding no lock.
#pragma once

#include "ob/header.hpp"

namespace mica::ob {

struct Search {
  UNICODE_STRING path;
  HANDLE root;       // what the path starts from; null: "\"
  ULONG attributes;  // OBJ_*
  KPROCESSOR_MODE mode;
  POBJECT_TYPE wanted;  // null: any
  ACCESS_MASK access;
  void* context;   // for parse procedures
  Header* insert;  // enter this object where nothing stands; `path` is its own name's path
  // The caller will make a handle: count it before anybody can see the count at 0.
  bool count_handle;
  ACCESS_MASK* granted = nullptr;  // unless null: gets what a parse procedure granted
};

// STATUS_SUCCESS: *found is referenced (the inserted object, if there was one to insert).
// STATUS_OBJECT_NAME_EXISTS: with OBJ_OPENIF, *found is what stood there.
// Else: STATUS_OBJECT_PATH_SYNTAX_BAD, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_PATH_NOT_FOUND,
// STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_TYPE_MISMATCH,
// STATUS_INVALID_HANDLE, STATUS_INSUFFICIENT_RESOURCES, or what a parse procedure said.
[[nodiscard]] NTSTATUS NTAPI look_up(Search const& search, void** found) noexcept;

// Gives back what count_handle took: runs the type's close procedure and ends the name at the last
// handle.
void NTAPI release_handle_count(Header& header) noexcept;

}  // namespace mica::ob
