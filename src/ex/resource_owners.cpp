// Who owns a resource, and how often.
//   The table's own first entry is none: it says how many entries there are, itself included. So
//   with the entry in the structure that is for how many owners there is room.
#include <nt/ex.h>

#include <utility>

#include "ex/resource.hpp"

namespace mica::ex {
namespace {

constexpr ULONG tag = 0x6154'6552;  // ReTa
constexpr ULONG least_entries = 4;

void copy_entries(OWNER_ENTRY const* from, OWNER_ENTRY* to) noexcept {
  for (ULONG i = 1; i < from->TableSize; ++i) to[i] = from[i];
}

}  // namespace

// Owner 0: an entry that is free.
OWNER_ENTRY* NTAPI find_owner(ERESOURCE& resource, ERESOURCE_THREAD owner) noexcept {
  if (resource.OwnerEntry.OwnerThread == owner) return &resource.OwnerEntry;
  for (ULONG i = 1; i < room_for_owners(resource); ++i)
    if (resource.OwnerTable[i].OwnerThread == owner) return &resource.OwnerTable[i];
  return nullptr;
}

void NTAPI add_owner(ERESOURCE& resource, ERESOURCE_THREAD owner) noexcept {
  OWNER_ENTRY* entry = find_owner(resource, owner);
  if (entry == nullptr) {
    entry = find_owner(resource, 0);
    entry->OwnerThread = owner;
    ++resource.ActiveEntries;
    resource.ActiveCount = 1;
  }
  entry->OwnerCount = entry->OwnerCount + 1;
}

void NTAPI remove_owner(ERESOURCE& resource, OWNER_ENTRY& entry) noexcept {
  entry.OwnerThread = 0;
  entry.OwnerCount = 0;
  if (--resource.ActiveEntries == 0) resource.ActiveCount = 0;
}

bool NTAPI grow_owners(ERESOURCE& resource, ULONG room) noexcept {
  ULONG const size = room < least_entries ? least_entries : room * 2;
  auto* table = static_cast<OWNER_ENTRY*>(
      ExAllocatePool2(POOL_FLAG_NON_PAGED, size * sizeof(OWNER_ENTRY), tag));
  if (table == nullptr) return false;
  table->TableSize = size;
  {
    ke::KernelSpinGuard guard{resource.SpinLock};
    if (room_for_owners(resource) < size) {
      if (resource.OwnerTable != nullptr) copy_entries(resource.OwnerTable, table);
      std::swap(resource.OwnerTable, table);
    }
  }
  if (table != nullptr) ExFreePoolWithTag(table, tag);
  return true;
}

}  // namespace mica::ex
