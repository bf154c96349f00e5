// Giving an object its place: its name, a handle, or both.
#include "ob/handle.hpp"
#include "ob/lookup.hpp"
#include "ob/state.hpp"

namespace mica::ob {
namespace {

// The object that the caller's handle and pointers will be for: `object`, or with OBJ_OPENIF what
// stood under its name.
NTSTATUS settle(Header& header, ACCESS_MASK desired, bool count_handle, void** settled) noexcept {
  if (header.name == nullptr) {
    reference(header);
    if (count_handle) header.handles.fetch_add(1, std::memory_order_relaxed);
    *settled = header.body();
    return STATUS_SUCCESS;
  }
  Search const search{
      header.name->path, header.name->root, header.attributes.load(std::memory_order_relaxed),
      header.owner_mode, header.type,       desired,
      nullptr,           &header,           count_handle};
  return look_up(search, settled);
}

}  // namespace
}  // namespace mica::ob

using namespace mica::ob;

NTSTATUS NTAPI ObInsertObject(PVOID Object, PACCESS_STATE, ACCESS_MASK DesiredAccess,
                              ULONG ObjectPointerBias, PVOID* NewObject, PHANDLE Handle) {
  if (NewObject != nullptr) *NewObject = nullptr;
  if (Handle != nullptr) *Handle = nullptr;
  Header& header = header_of(Object);
  void* settled = nullptr;
  NTSTATUS const status = settle(header, DesiredAccess, Handle != nullptr, &settled);
  if (!NT_SUCCESS(status)) {
    dereference(header);
    return status;
  }
  Header& result = header_of(settled);
  // The caller's pointers come first: the handle may be closed by anybody who guesses it.
  LONG64 const kept = ObjectPointerBias + (NewObject != nullptr ? 1 : 0);
  if (kept != 0) reference(result, kept);
  if (Handle != nullptr) {
    ULONG const attributes = header.attributes.load(std::memory_order_relaxed);
    NTSTATUS const opened = open_handle(result, DesiredAccess, attributes, Handle);
    if (!NT_SUCCESS(opened)) {
      if (kept != 0) dereference(result, kept);
      dereference(header);
      return opened;
    }
  } else {
    dereference(result);
  }
  if (NewObject != nullptr) *NewObject = settled;
  // The reference of creation becomes the handle's; without a handle it stays the caller's, unless
  // the object is another.
  if (Handle != nullptr || &result != &header) dereference(header);
  return status;
}
