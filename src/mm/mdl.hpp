// The pages of memory descriptor lists.
//   Pages never move and paged pool is resident, so to lock is to find out; nobody counts locks.
//   IRQL <= DISPATCH_LEVEL.
#pragma once

#include <nt/mm/mdl.h>

#include "base/types.hpp"

namespace mica::mm {

// What a descriptor list describes, if it does: pages that stay until it is unlocked.
inline constexpr CSHORT has_pages = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL;

[[nodiscard]] inline CSHORT with(CSHORT flags, int more) noexcept {
  return static_cast<CSHORT>(flags | more);
}
[[nodiscard]] inline CSHORT without(CSHORT flags, int fewer) noexcept {
  return static_cast<CSHORT>(flags & ~fewer);
}

[[nodiscard]] inline ULONG span_of(MDL const& mdl) noexcept {
  return ADDRESS_AND_SIZE_TO_SPAN_PAGES(mdl.ByteOffset, mdl.ByteCount);
}

// Pool, pages reached directly, and what mm mapped; else no_page. Any IRQL.
[[nodiscard]] PageNumber NTAPI page_behind(void const* address) noexcept;

// MmProbeAndLockPages, which says no instead of raising: some of the buffer is no memory that mm
// knows.
[[nodiscard]] bool NTAPI lock_pages(MDL& mdl, LOCK_OPERATION operation) noexcept;

// Ends the mapping that the list's own flags tell of, if there is one.
void NTAPI unmap_if_mapped(MDL& mdl) noexcept;

}  // namespace mica::mm
