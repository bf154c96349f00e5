// Memory whose pages are neighbours, for devices that know physical addresses only.
//   [MSDN MmAllocateContiguousMemory, MmAllocateContiguousMemorySpecifyCache]
#include <nt/mm.h>

#include "ke/verifier.hpp"
#include "mm/state.hpp"

using namespace mica;
using namespace mica::mm;

namespace {

constexpr ULONG_PTR no_contiguous_memory = 0x60;  // parameter 1 of BAD_POOL_CALLER

[[nodiscard]] std::uint64_t number_of(PHYSICAL_ADDRESS address) noexcept {
  return static_cast<std::uint64_t>(address.QuadPart) >> page_shift;
}

// The first page that begins at an address or behind it.
[[nodiscard]] std::uint64_t first_from(PHYSICAL_ADDRESS address) noexcept {
  return (static_cast<std::uint64_t>(address.QuadPart) + page_size - 1) >> page_shift;
}

}  // namespace

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
                                                   PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   MEMORY_CACHING_TYPE) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, nullptr);
  if (NumberOfBytes == 0) return nullptr;
  PageNumber const first = state().pages.allocate(
      BYTES_TO_PAGES(NumberOfBytes), PageUse::kernel, Fill::none,
      {first_from(LowestAcceptableAddress), number_of(HighestAcceptableAddress),
       number_of(BoundaryAddressMultiple)});
  if (first == no_page) return nullptr;
  void* const memory = direct(first);
  PageEntry& entry = *state().pages.entry_at(memory);
  entry.use = PageUse::contiguous;
  entry.bytes = NumberOfBytes;
  return memory;
}

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes,
                                       PHYSICAL_ADDRESS HighestAcceptableAddress) {
  return MmAllocateContiguousMemorySpecifyCache(
      NumberOfBytes, PHYSICAL_ADDRESS{}, HighestAcceptableAddress, PHYSICAL_ADDRESS{}, MmCached);
}

VOID NTAPI MmFreeContiguousMemory(PVOID BaseAddress) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, BaseAddress);
  Physical& pages = state().pages;
  PageEntry* const entry = pages.entry_at(BaseAddress);
  if (entry == nullptr || entry->use != PageUse::contiguous || BYTE_OFFSET(BaseAddress) != 0)
    ke::bugcheck(BAD_POOL_CALLER, no_contiguous_memory, ke::as_parameter(BaseAddress));
  pages.release(pages.page_at(BaseAddress), BYTES_TO_PAGES(entry->bytes));
}

VOID NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T, MEMORY_CACHING_TYPE) {
  MmFreeContiguousMemory(BaseAddress);
}
