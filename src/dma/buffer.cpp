// Common buffers: memory that a device and the processors share.
//   [MSDN AllocateCommonBuffer, AllocateCommonBufferEx, PALLOCATE_COMMON_BUFFER_WITH_BOUNDS]
//   Processors and devices see one memory, so all of it is cached, whatever was asked for.
#include <algorithm>

#include "dma/operations.hpp"

namespace mica::dma {
namespace {

// `highest`: the first address that will not do; null: only the device says.
void* NTAPI allocate(Adapter& adapter, PHYSICAL_ADDRESS const* lowest,
                     PHYSICAL_ADDRESS const* highest, ULONG bytes,
                     PHYSICAL_ADDRESS& logical) noexcept {
  constexpr std::uint64_t most = MAXLONGLONG;
  std::uint64_t last = std::min(adapter.last_address, most);
  if (highest != nullptr) {
    if (highest->QuadPart == 0) return nullptr;
    last = std::min(last, static_cast<std::uint64_t>(highest->QuadPart) - 1);
  }
  PHYSICAL_ADDRESS end;
  end.QuadPart = static_cast<LONGLONG>(last);
  void* const memory = MmAllocateContiguousMemorySpecifyCache(
      bytes, lowest != nullptr ? *lowest : PHYSICAL_ADDRESS{}, end, PHYSICAL_ADDRESS{}, MmCached);
  if (memory == nullptr) return nullptr;
  logical = MmGetPhysicalAddress(memory);
  adapter.common_buffers.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

}  // namespace

PVOID NTAPI allocate_buffer(PDMA_ADAPTER adapter, ULONG bytes, PPHYSICAL_ADDRESS logical, BOOLEAN) {
  Adapter& object = adapter_of(adapter);
  require_at_most(PASSIVE_LEVEL);
  return allocate(object, nullptr, nullptr, bytes, *logical);
}

PVOID NTAPI allocate_buffer_ex(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS highest, ULONG bytes,
                               PPHYSICAL_ADDRESS logical, BOOLEAN, NODE_REQUIREMENT) {
  Adapter& object = adapter_of(adapter);
  require_at_most(PASSIVE_LEVEL);
  return allocate(object, nullptr, highest, bytes, *logical);
}

// There are no larger pages to ask for by a flag.
PVOID NTAPI allocate_buffer_within(PDMA_ADAPTER adapter, PPHYSICAL_ADDRESS lowest,
                                   PPHYSICAL_ADDRESS highest, ULONG bytes, ULONG flags,
                                   MEMORY_CACHING_TYPE* caching, NODE_REQUIREMENT,
                                   PPHYSICAL_ADDRESS logical) {
  Adapter& object = adapter_of(adapter);
  require_at_most(PASSIVE_LEVEL);
  bool const known = caching == nullptr || *caching == MmCached || *caching == MmNonCached;
  return flags == 0 && known ? allocate(object, lowest, highest, bytes, *logical) : nullptr;
}

VOID NTAPI free_buffer(PDMA_ADAPTER adapter, ULONG, PHYSICAL_ADDRESS, PVOID memory, BOOLEAN) {
  Adapter& object = adapter_of(adapter);
  require_at_most(DISPATCH_LEVEL);
  if (object.common_buffers.load(std::memory_order_relaxed) == 0) [[unlikely]]
    violation(Violation::free_common_buffer, 1);
  object.common_buffers.fetch_sub(1, std::memory_order_relaxed);
  MmFreeContiguousMemory(memory);
}

}  // namespace mica::dma
