// The pool by its public names.
//   [MSDN ExAllocatePoolWithTag, ExAllocatePool2, ExAllocatePoolWithQuotaTag, ExFreePoolWithTag]
//   IRQL <= DISPATCH_LEVEL, paged pool <= APC_LEVEL. Nothing blocks.
//   All pool memory is resident and not executable; quota is not charged, because every caller is
//   the system's.
#include <nt/ex.h>
#include <nt/ntstatus.h>

#include <cstring>

#include "mm/state.hpp"

namespace {

using namespace mica;

constexpr ULONG untagged = 0x656E'6F4E;  // what a debugger shows as None

struct Request {
  mm::PoolKind kind;
  bool cache_aligned;
  mm::Placement placement = mm::Placement::usual;
  bool zero;
  bool raise;  // on failure, instead of returning NULL
  void* caller;
};

// Apart: a call out of this convention would make every allocation save the vector registers.
[[gnu::noinline]] void NTAPI clear(void* memory, SIZE_T bytes) noexcept {
  std::memset(memory, 0, bytes);
}

[[nodiscard]] void* NTAPI allocate(Request const& request, SIZE_T bytes, ULONG tag) noexcept {
  mm::Pool& pool = mm::state().pools[static_cast<unsigned>(request.kind)];
  void* const memory = request.cache_aligned ? pool.allocate_line(bytes, tag, request.placement)
                       : request.placement == mm::Placement::usual
                           ? pool.allocate(bytes, tag)
                           : pool.allocate_placed(bytes, tag, request.placement);
  if (memory == nullptr) {
    if (request.raise) ke::raise_status(STATUS_INSUFFICIENT_RESOURCES, request.caller);
    return nullptr;
  }
  if (request.zero) clear(memory, bytes);
  return memory;
}

// The requests that name a POOL_TYPE.
[[nodiscard]] void* NTAPI allocate_typed(POOL_TYPE type, SIZE_T bytes, ULONG tag, bool raise,
                                         void* caller,
                                         mm::Placement placement = mm::Placement::usual) noexcept {
  auto const bits = static_cast<ULONG>(type);
  if (tag == 0) [[unlikely]] {
    ke::bugcheck(BAD_POOL_CALLER, 0x9B, bits, bytes, ke::as_parameter(caller));
  }
  constexpr ULONG cache_aligned = NonPagedPoolCacheAligned;
  Request const request{
      .kind = (bits & PagedPool) != 0 ? mm::PoolKind::paged : mm::PoolKind::nonpaged,
      .cache_aligned = (bits & cache_aligned) != 0,
      .placement = placement,
      .zero = (bits & POOL_ZERO_ALLOCATION) != 0,
      .raise = raise || (bits & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0,
      .caller = caller,
  };
  return allocate(request, bytes, tag);
}

[[nodiscard]] void* NTAPI allocate_with_quota(POOL_TYPE type, SIZE_T bytes, ULONG tag,
                                              void* caller) noexcept {
  bool const raise = (static_cast<ULONG>(type) & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0;
  return allocate_typed(type, bytes, tag, raise, caller);
}

// Exactly one kind of pool, and no required flag that is not known.
[[nodiscard]] bool valid(POOL_FLAGS flags) noexcept {
  constexpr POOL_FLAGS kinds = POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
  constexpr POOL_FLAGS known = kinds | POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED |
                               POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE;
  constexpr POOL_FLAGS required = 0xFFFF'FFFF;
  POOL_FLAGS const kind = flags & kinds;
  return kind != 0 && (kind & (kind - 1)) == 0 && (flags & required & ~known) == 0;
}

[[nodiscard]] void* NTAPI allocate_flagged(POOL_FLAGS flags, SIZE_T bytes, ULONG tag,
                                           void* caller) noexcept {
  bool const raise = (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0;
  if (tag == 0 || !valid(flags)) {
    if (raise) ke::raise_status(STATUS_INVALID_PARAMETER, caller);
    return nullptr;
  }
  Request const request{
      .kind = (flags & POOL_FLAG_PAGED) != 0 ? mm::PoolKind::paged : mm::PoolKind::nonpaged,
      .cache_aligned = (flags & POOL_FLAG_CACHE_ALIGNED) != 0,
      .zero = (flags & POOL_FLAG_UNINITIALIZED) == 0,
      .raise = raise,
      .caller = caller,
  };
  return allocate(request, bytes, tag);
}

}  // namespace

extern "C" {

PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes) {
  return allocate_typed(PoolType, NumberOfBytes, untagged, false, __builtin_return_address(0));
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  // The plain kinds of pool are nearly all there is.
  auto const plain = static_cast<ULONG>(PoolType) & ~ULONG{NonPagedPoolNx};
  if (plain <= PagedPool && Tag != 0) [[likely]]
    return mm::state().pools[plain].allocate(NumberOfBytes, Tag);
  return allocate_typed(PoolType, NumberOfBytes, Tag, false, __builtin_return_address(0));
}

// The priority says how low memory may run before the request fails; nothing is set aside for
// higher ones. It may also say where special pool is to put the block, if that has it.
PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY Priority) {
  constexpr ULONG special = LowPoolPrioritySpecialPoolOverrun;
  constexpr ULONG underrun = LowPoolPrioritySpecialPoolUnderrun & ~special;
  auto const bits = static_cast<ULONG>(Priority);
  mm::Placement const placement = (bits & special) == 0    ? mm::Placement::usual
                                  : (bits & underrun) != 0 ? mm::Placement::beginning
                                                           : mm::Placement::end;
  return allocate_typed(PoolType, NumberOfBytes, Tag, false, __builtin_return_address(0),
                        placement);
}

PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes) {
  return allocate_with_quota(PoolType, NumberOfBytes, untagged, __builtin_return_address(0));
}

PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
  return allocate_with_quota(PoolType, NumberOfBytes, Tag, __builtin_return_address(0));
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag) {
  return allocate_flagged(Flags, NumberOfBytes, Tag, __builtin_return_address(0));
}

VOID NTAPI ExFreePool(PVOID P) {
  mm::free_pool(P, 0);
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag) {
  mm::free_pool(P, Tag);
}

}  // extern "C"
