// Other addresses of a descriptor list's pages.
//   [MSDN MmMapLockedPagesSpecifyCache, MmUnmapLockedPages, MmProtectMdlSystemAddress]
#include <nt/ntstatus.h>

#include "ke/verifier.hpp"
#include "mm/mdl.hpp"
#include "mm/state.hpp"

namespace mica::mm {
namespace {

std::byte* mapping_of(MDL const& mdl) noexcept {
  return static_cast<std::byte*>(PAGE_ALIGN(mdl.MappedSystemVa));
}

hal::Protection protection_of(ULONG priority) noexcept {
  if ((priority & MdlMappingNoWrite) != 0) return hal::Protection::read_only;
  return hal::Protection::read_write;
}

// Null: no room in system space, or no page for the machine's tables.
std::byte* NTAPI map_all(MDL const& mdl, hal::Protection protection) noexcept {
  SystemSpace& space = state().space;
  ULONG const count = span_of(mdl);
  std::byte* const base = space.reserve(count);
  if (base == nullptr) return nullptr;
  auto const* const pages = reinterpret_cast<PFN_NUMBER const*>(&mdl + 1);
  for (ULONG i = 0; i < count; ++i) {
    if (space.map(base + std::size_t{i} * page_size, PageNumber{pages[i]}, protection)) continue;
    space.unmap(base, i);
    space.release(base, count);
    return nullptr;
  }
  return base;
}

void NTAPI require_mappable(MDL const& mdl) noexcept {
  int const flags = static_cast<USHORT>(mdl.MdlFlags);
  constexpr int mapped =
      MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL_HAS_BEEN_MAPPED;
  if ((flags & mapped) != 0)
    ke::violation(ke::Rule::map_list_again, ke::as_parameter(&mdl), static_cast<ULONG_PTR>(flags),
                  static_cast<ULONG_PTR>(flags & mapped));
  constexpr int pages = MDL_PAGES_LOCKED | MDL_PARTIAL;
  if ((flags & pages) == 0)
    ke::violation(ke::Rule::map_unlocked_list, ke::as_parameter(&mdl),
                  static_cast<ULONG_PTR>(flags), pages);
}

// A list that is mapped through its source has no mapping of its own.
bool has_own_mapping(MDL const& mdl) noexcept {
  return (mdl.MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0 &&
         (mdl.MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA) == 0;
}

void NTAPI unmap(MDL& mdl) noexcept {
  SystemSpace& space = state().space;
  std::byte* const base = mapping_of(mdl);
  ULONG const count = span_of(mdl);
  space.unmap(base, count);
  space.release(base, count);
  mdl.MdlFlags = without(mdl.MdlFlags, MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
  mdl.MappedSystemVa = nullptr;
}

// False: pages cannot be protected so.
bool machine_protection(ULONG protection, hal::Protection& machine) noexcept {
  switch (protection) {
    case PAGE_READONLY:
      machine = hal::Protection::read_only;
      return true;
    case PAGE_READWRITE:
      machine = hal::Protection::read_write;
      return true;
    case PAGE_EXECUTE_READ:
      machine = hal::Protection::execute;
      return true;
    case PAGE_NOACCESS:
      machine = hal::Protection::no_access;
      return true;
    default:
      return false;
  }
}

}  // namespace

void NTAPI unmap_if_mapped(MDL& mdl) noexcept {
  if (has_own_mapping(mdl)) unmap(mdl);
}

}  // namespace mica::mm

using namespace mica;
using namespace mica::mm;

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE, PVOID, ULONG BugCheckOnFailure,
                                         ULONG Priority) {
  MDL& mdl = *MemoryDescriptorList;
  if (KIRQL const level = Machine::irql(); level > DISPATCH_LEVEL) [[unlikely]]
    ke::violation(ke::Rule::map_pages_level, level, ke::as_parameter(&mdl),
                  static_cast<ULONG_PTR>(AccessMode));
  require_mappable(mdl);
  if (AccessMode != KernelMode)
    ke::raise_status(STATUS_INSUFFICIENT_RESOURCES, __builtin_return_address(0));
  std::byte* const base = map_all(mdl, protection_of(Priority));
  if (base == nullptr) {
    if (BugCheckOnFailure != 0) ke::bugcheck(NO_MORE_SYSTEM_PTES, 0, span_of(mdl));
    return nullptr;
  }
  mdl.MappedSystemVa = base + mdl.ByteOffset;
  bool const partial = (mdl.MdlFlags & MDL_PARTIAL) != 0;
  mdl.MdlFlags =
      with(mdl.MdlFlags, MDL_MAPPED_TO_SYSTEM_VA | (partial ? MDL_PARTIAL_HAS_BEEN_MAPPED : 0));
  return mdl.MappedSystemVa;
}

PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode) {
  return MmMapLockedPagesSpecifyCache(MemoryDescriptorList, AccessMode, MmCached, nullptr, TRUE,
                                      HighPagePriority);
}

VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList) {
  MDL& mdl = *MemoryDescriptorList;
  if (KIRQL const level = Machine::irql(); level > DISPATCH_LEVEL) [[unlikely]]
    ke::violation(ke::Rule::unmap_pages_level, level, ke::as_parameter(BaseAddress),
                  ke::as_parameter(&mdl));
  constexpr ULONG_PTR never_mapped = 6;   // parameter 1 of SYSTEM_PTE_MISUSE
  constexpr ULONG_PTR other_address = 3;  // as above
  if (!has_own_mapping(mdl))
    ke::bugcheck(SYSTEM_PTE_MISUSE, never_mapped, ke::as_parameter(&mdl),
                 ke::as_parameter(BaseAddress), span_of(mdl));
  if (PAGE_ALIGN(BaseAddress) != mapping_of(mdl))
    ke::bugcheck(SYSTEM_PTE_MISUSE, other_address, ke::as_parameter(&mdl),
                 ke::as_parameter(mdl.MappedSystemVa), ke::as_parameter(BaseAddress));
  unmap(mdl);
}

NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect) {
  MDL const& mdl = *MemoryDescriptorList;
  if (!has_own_mapping(mdl)) return STATUS_NOT_MAPPED_VIEW;
  hal::Protection protection{};
  if (!machine_protection(NewProtect, protection)) return STATUS_INVALID_PAGE_PROTECTION;
  std::byte* const base = mapping_of(mdl);
  for (ULONG i = 0; i < span_of(mdl); ++i)
    Machine::protect(base + std::size_t{i} * page_size, protection);
  Machine::flush(base, span_of(mdl));
  return STATUS_SUCCESS;
}
