// Which pages a buffer has.    [MSDN MmBuildMdlForNonPagedPool, MmProbeAndLockPages, MmUnlockPages]
#include "mm/mdl.hpp"

#include <nt/mm.h>
#include <nt/ntstatus.h>

#include "ke/verifier.hpp"
#include "mm/state.hpp"

namespace mica::mm {
namespace {

// False: some page is none.
bool NTAPI find_pages(MDL& mdl) noexcept {
  PPFN_NUMBER const pages = MmGetMdlPfnArray(&mdl);
  auto const* const first = static_cast<std::byte const*>(mdl.StartVa);
  for (ULONG i = 0; i < span_of(mdl); ++i) {
    PageNumber const page = page_behind(first + std::size_t{i} * page_size);
    if (page == no_page) return false;
    pages[i] = page.value;
  }
  return true;
}

ULONG_PTR flags_of(MDL const& mdl) noexcept {
  return static_cast<USHORT>(mdl.MdlFlags);
}

// Of a violation: the list, what its flags are, and which of them are the matter.
[[noreturn, gnu::cold]] void NTAPI wrong_list(ke::Rule rule, MDL const& mdl,
                                              int matter = 0) noexcept {
  ke::violation(rule, ke::as_parameter(&mdl), flags_of(mdl), flags_of(mdl) & unsigned(matter));
}

[[noreturn, gnu::cold]] void NTAPI paged_list(MDL const& mdl) noexcept {
  ke::violation(ke::Rule::paged_pool_as_nonpaged, Machine::irql(), ke::as_parameter(&mdl),
                flags_of(mdl));
}

void NTAPI require_lockable(MDL const& mdl) noexcept {
  constexpr int wrong = has_pages | MDL_MAPPED_TO_SYSTEM_VA;
  if ((mdl.MdlFlags & wrong) != 0) wrong_list(ke::Rule::lock_list, mdl, wrong);
}

bool NTAPI is_paged_pool(void const* address) noexcept {
  PageEntry const* const entry = state().pages.entry_at(address);
  if (entry == nullptr) return state().special.is_paged(address);
  bool const pool = entry->use == PageUse::pool_blocks || entry->use == PageUse::pool_large ||
                    entry->use == PageUse::pool_large_rest;
  return pool && entry->pool == static_cast<std::uint8_t>(PoolKind::paged);
}

}  // namespace

bool NTAPI lock_pages(MDL& mdl, LOCK_OPERATION operation) noexcept {
  require_lockable(mdl);
  if (!find_pages(mdl)) return false;
  int const writes = operation == IoReadAccess ? 0 : MDL_WRITE_OPERATION;
  mdl.MdlFlags = with(without(mdl.MdlFlags, MDL_WRITE_OPERATION), MDL_PAGES_LOCKED | writes);
  mdl.Process = nullptr;  // system space is nobody's own
  return true;
}

}  // namespace mica::mm

using namespace mica;
using namespace mica::mm;

SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length) {
  SIZE_T const end = BYTE_OFFSET(Base) + Length + (PAGE_SIZE - 1);
  return sizeof(MDL) + (end >> PAGE_SHIFT) * sizeof(PFN_NUMBER);
}

VOID NTAPI MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList) {
  MDL& mdl = *MemoryDescriptorList;
  require_lockable(mdl);
  if (is_paged_pool(mdl.StartVa)) paged_list(mdl);
  if (!find_pages(mdl)) ke::raise_status(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
  mdl.MdlFlags = with(mdl.MdlFlags, MDL_SOURCE_IS_NONPAGED_POOL);
  mdl.MappedSystemVa = MmGetMdlVirtualAddress(&mdl);
  mdl.Process = nullptr;
}

VOID NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation) {
  if (KIRQL const level = Machine::irql(); level > DISPATCH_LEVEL) [[unlikely]]
    ke::violation(ke::Rule::lock_pages_level, level, ke::as_parameter(MemoryDescriptorList),
                  static_cast<ULONG_PTR>(AccessMode));
  if (!lock_pages(*MemoryDescriptorList, Operation))
    ke::raise_status(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
}

VOID NTAPI MmUnlockPages(PMDL MemoryDescriptorList) {
  MDL& mdl = *MemoryDescriptorList;
  ke::require_irql(PASSIVE_LEVEL, DISPATCH_LEVEL, ke::Rule::unlock_pages_level, &mdl);
  if ((mdl.MdlFlags & MDL_PARTIAL) != 0)
    wrong_list(ke::Rule::unlock_partial_list, mdl, MDL_PARTIAL);
  if ((mdl.MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0)
    wrong_list(ke::Rule::unlock_nonpaged_pool, mdl);
  if ((mdl.MdlFlags & MDL_PAGES_LOCKED) == 0) wrong_list(ke::Rule::unlock_unlocked_pages, mdl);
  unmap_if_mapped(mdl);
  mdl.MdlFlags = without(mdl.MdlFlags, MDL_PAGES_LOCKED);
}
