// Physical addresses in system space, whatever is there: registers of devices.
//   [MSDN MmMapIoSpace, MmMapIoSpaceEx, MmUnmapIoSpace]
#include <nt/mm.h>

#include "ke/verifier.hpp"
#include "mm/state.hpp"

using namespace mica;
using namespace mica::mm;

namespace {

constexpr ULONG_PTR not_mapped = 6;  // parameter 1 of SYSTEM_PTE_MISUSE

void* NTAPI map_range(PHYSICAL_ADDRESS address, std::size_t bytes,
                      hal::Protection protection) noexcept {
  auto const begin = static_cast<std::uint64_t>(address.QuadPart);
  if (bytes == 0 || begin + bytes < begin) return nullptr;
  SystemSpace& space = state().space;
  std::size_t const count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(begin, bytes);
  std::byte* const base = space.reserve(count);
  if (base == nullptr) return nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    PageNumber const page{(begin >> page_shift) + i};
    if (space.map(base + (i << page_shift), page, protection)) continue;
    space.unmap(base, i);
    space.release(base, count);
    return nullptr;
  }
  return base + BYTE_OFFSET(begin);
}

// What MmMapIoSpaceEx lets one ask for, besides how it is cached.
[[nodiscard]] bool protection_of(ULONG protect, hal::Protection& protection) noexcept {
  switch (protect & ~(PAGE_NOCACHE | PAGE_WRITECOMBINE)) {
    case PAGE_READONLY:
      protection = hal::Protection::read_only;
      return true;
    case PAGE_READWRITE:
      protection = hal::Protection::read_write;
      return true;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
      protection = hal::Protection::execute;
      return true;
    default:
      return false;
  }
}

}  // namespace

PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                         MEMORY_CACHING_TYPE) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, nullptr);
  return map_range(PhysicalAddress, NumberOfBytes, hal::Protection::read_write);
}

PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, nullptr);
  hal::Protection protection{};
  return protection_of(Protect, protection) ? map_range(PhysicalAddress, NumberOfBytes, protection)
                                            : nullptr;
}

VOID NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes) {
  MICA_REQUIRE_IRQL_AT_MOST(DISPATCH_LEVEL, BaseAddress);
  SystemSpace& space = state().space;
  auto* const base = static_cast<std::byte*>(PAGE_ALIGN(BaseAddress));
  std::size_t const count = ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseAddress, NumberOfBytes);
  if (!space.contains(base) || space.page_at(base) == no_page)
    ke::bugcheck(SYSTEM_PTE_MISUSE, not_mapped, 0, ke::as_parameter(BaseAddress), count);
  space.unmap(base, count);
  space.release(base, count);
}
