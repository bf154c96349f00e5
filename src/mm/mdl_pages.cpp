// Pages that a driver has for itself.                              [MSDN MmAllocatePagesForMdlEx]
#include "ke/verifier.hpp"
#include "mm/mdl.hpp"
#include "mm/state.hpp"

namespace mica::mm {
namespace {

constexpr ULONG tag_mdl = 'ldMm';

struct Wanted {
  PageBounds bounds;
  std::uint64_t skip;  // how far on the next range is, if this one has too few; 0: there is none
  std::size_t chunk;   // how many neighbours at once
  Fill fill;
};

// Fills `pages` from `have` on; returns how many there are then.
std::size_t NTAPI take_from_range(Wanted const& wanted, PFN_NUMBER* pages, std::size_t have,
                                  std::size_t want) noexcept {
  while (have + wanted.chunk <= want) {
    PageNumber const first =
        state().pages.allocate(wanted.chunk, PageUse::kernel, wanted.fill, wanted.bounds);
    if (first == no_page) break;
    for (std::size_t i = 0; i < wanted.chunk; ++i) pages[have++] = first.value + i;
  }
  return have;
}

std::size_t NTAPI take(Wanted wanted, PFN_NUMBER* pages, std::size_t want) noexcept {
  std::uint64_t const last = (std::uint64_t{1} << (52 - page_shift)) - 1;  // [SDM 3A, "Paging"]
  std::size_t have = take_from_range(wanted, pages, 0, want);
  while (have < want && wanted.skip != 0 && wanted.bounds.low + wanted.skip <= last) {
    wanted.bounds.low += wanted.skip;
    wanted.bounds.high += wanted.skip;
    have = take_from_range(wanted, pages, have, want);
  }
  return have;
}

void NTAPI give_back(MDL& mdl) noexcept {
  PFN_NUMBER const* const pages = MmGetMdlPfnArray(&mdl);
  for (ULONG i = 0; i < span_of(mdl); ++i) state().pages.release(PageNumber{pages[i]}, 1);
  mdl.MdlFlags = without(mdl.MdlFlags, MDL_PAGES_LOCKED);
}

void require_level() noexcept {
  if (KIRQL const level = Machine::irql(); level > DISPATCH_LEVEL) [[unlikely]]
    ke::violation(ke::Rule::pages_for_list_level, level, DISPATCH_LEVEL);
}

}  // namespace
}  // namespace mica::mm

using namespace mica;
using namespace mica::mm;

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE, ULONG Flags) {
  require_level();
  std::size_t const want = BYTES_TO_PAGES(TotalBytes);
  if (want == 0 || TotalBytes > MAXULONG - PAGE_SIZE) return nullptr;
  auto const skip = static_cast<std::uint64_t>(SkipBytes.QuadPart) >> page_shift;
  bool const chunks = (Flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS) != 0;
  Wanted const wanted{
      .bounds = {(static_cast<std::uint64_t>(LowAddress.QuadPart) + page_size - 1) >> page_shift,
                 static_cast<std::uint64_t>(HighAddress.QuadPart) >> page_shift, 0},
      .skip = chunks ? 0 : skip,
      .chunk = !chunks     ? 1
               : skip != 0 ? skip
                           : want,
      .fill = (Flags & MM_DONT_ZERO_ALLOCATION) != 0 ? Fill::none : Fill::zero};
  auto* const mdl = static_cast<PMDL>(
      allocate_pool(PoolKind::nonpaged, MmSizeOfMdl(nullptr, want << page_shift), tag_mdl));
  if (mdl == nullptr) return nullptr;
  std::size_t const have = take(wanted, MmGetMdlPfnArray(mdl), want);
  MmInitializeMdl(mdl, nullptr, have << page_shift);
  mdl->Process = nullptr;
  mdl->MappedSystemVa = nullptr;
  mdl->MdlFlags = MDL_PAGES_LOCKED;
  if (have == want || (have != 0 && (Flags & MM_ALLOCATE_FULLY_REQUIRED) == 0)) return mdl;
  give_back(*mdl);
  free_pool(mdl, tag_mdl);
  return nullptr;
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes) {
  return MmAllocatePagesForMdlEx(LowAddress, HighAddress, SkipBytes, TotalBytes, MmCached, 0);
}

VOID NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList) {
  require_level();
  MDL& mdl = *MemoryDescriptorList;
  if ((mdl.MdlFlags & MDL_PAGES_LOCKED) == 0)
    ke::violation(ke::Rule::unlock_unlocked_pages, ke::as_parameter(&mdl),
                  static_cast<USHORT>(mdl.MdlFlags));
  unmap_if_mapped(mdl);
  give_back(mdl);
}
