// How the objects are made, and found by their GUIDs.
#pragma once

#include <nt/zw/objects.h>

#include "base/list.hpp"
#include "tm/state.hpp"

namespace mica::tm {

// A new object, zero-filled; the caller has its reference. STATUS_INSUFFICIENT_RESOURCES and what
// the attributes may be wrong with.
template <class Object>
[[nodiscard]] NTSTATUS make(POBJECT_TYPE type, OBJECT_ATTRIBUTES* attributes,
                            Object** made) noexcept {
  void* object = nullptr;
  NTSTATUS const status = ObCreateObject(KernelMode, type, attributes, KernelMode, nullptr,
                                         sizeof(Object), 0, 0, &object);
  if (NT_SUCCESS(status)) *made = static_cast<Object*>(object);
  return status;
}

// Gives the object its name and a handle; then `link`, under the lock, may still refuse it. What
// was there already by that name is opened instead: STATUS_OBJECT_NAME_EXISTS.
template <class Object, class Link>
[[nodiscard]] NTSTATUS publish(Object& object, ACCESS_MASK access, HANDLE* handle,
                               Link link) noexcept {
  void* settled = nullptr;
  NTSTATUS status = ObInsertObject(&object, nullptr, access, 0, &settled, handle);
  if (!NT_SUCCESS(status)) return status;
  if (settled == &object) {
    Guard const guard;
    status = link();
  }
  if (!NT_SUCCESS(status)) {
    static_cast<void>(ZwClose(*handle));
    *handle = nullptr;
  }
  ObfDereferenceObject(settled);
  return status;
}

// The first one of that list that `is_wanted` and is not about to be deleted, referenced; null:
// there is none. Takes the lock.
template <class Object, class Wanted>
[[nodiscard]] Object* find(LIST_ENTRY& list, std::size_t offset, Wanted is_wanted) noexcept {
  Guard const guard;
  for (LIST_ENTRY* entry = list.Flink; entry != &list; entry = entry->Flink) {
    auto& object = containing<Object>(*entry, offset);
    if (is_wanted(object) && ob::reference_live(ob::header_of(&object))) return &object;
  }
  return nullptr;
}

// Whether one of all has that GUID, about to be deleted or not. Under the lock.
template <class Object>
[[nodiscard]] bool is_taken(LIST_ENTRY const& all, GUID const& id) noexcept {
  for (LIST_ENTRY* entry = all.Flink; entry != &all; entry = entry->Flink)
    if (MICA_CONTAINING(*entry, Object, of_all).id == id) return true;
  return false;
}

// A handle to what was found, whose reference is dropped.
[[nodiscard]] inline NTSTATUS open_found(void* object, POBJECT_TYPE type, ACCESS_MASK access,
                                         OBJECT_ATTRIBUTES const* attributes,
                                         HANDLE* handle) noexcept {
  ULONG const flags = attributes != nullptr ? attributes->Attributes : 0;
  NTSTATUS const status =
      ObOpenObjectByPointer(object, flags, nullptr, access, type, KernelMode, handle);
  ObfDereferenceObject(object);
  return status;
}

}  // namespace mica::tm
