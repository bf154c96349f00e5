// Sequenced singly linked lists.    [MSDN ExInterlockedPushEntrySList, ExInterlockedPopEntrySList]
//   Both words of the header change in one exchange: how many entries there are, how often one was
//   pushed, and the first. A header that is as it was had no push meanwhile, and so the same second
//   entry: whoever was first then and is again was pushed.
#include <nt/ex.h>
#include <nt/ntstatus.h>

#include <atomic>

#include "ke/bugcheck.hpp"
#include "mm/poison.hpp"

using namespace mica;

namespace {

constexpr ULONGLONG depth_mask = 0xFFFF;
constexpr ULONGLONG one_push = 0x10000;

struct alignas(16) Head {
  std::uint64_t counts;  // depth, and above it the number of pushes
  std::uint64_t first;   // the entry's address
};

// The counts are read before the first entry, and that before what it is linked to.
[[nodiscard]] Head look(SLIST_HEADER& list) noexcept {
  std::uint64_t const counts = std::atomic_ref{list.Alignment}.load(std::memory_order_acquire);
  return {counts, std::atomic_ref{list.Region}.load(std::memory_order_acquire)};
}

// On failure `seen` is what the header is.
[[nodiscard]] bool exchange(SLIST_HEADER& list, Head& seen, Head const& next) noexcept {
  return Machine::compare_exchange_16(reinterpret_cast<std::uint64_t*>(&list), &seen.counts,
                                      &next.counts);
}

// Somebody may have popped the entry, and written to it or freed it: then the exchange fails, and
// what was read is nothing.
MICA_TOUCHES_POISON __attribute__((no_sanitize("thread"))) std::uint64_t link_of(
    std::uint64_t entry) noexcept {
  return *reinterpret_cast<std::uint64_t const volatile*>(entry);
}

[[nodiscard]] PSLIST_ENTRY entry_at(std::uint64_t address) noexcept {
  return reinterpret_cast<PSLIST_ENTRY>(address);
}

void require_aligned(void const* pointer, void* caller) noexcept {
  if ((ke::as_parameter(pointer) & 15) != 0) [[unlikely]]
    ke::raise_status(STATUS_DATATYPE_MISALIGNMENT, caller);
}

}  // namespace

void NTAPI InitializeSListHead(PSLIST_HEADER SListHead) {
  require_aligned(SListHead, __builtin_return_address(0));
  SListHead->Alignment = 0;
  SListHead->Region = 0;
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER ListHead) {
  return static_cast<USHORT>(std::atomic_ref{ListHead->Alignment}.load(std::memory_order_relaxed) &
                             depth_mask);
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry) {
  require_aligned(ListEntry, __builtin_return_address(0));
  Head seen = look(*ListHead);
  Head next;
  do {
    ListEntry->Next = entry_at(seen.first);
    next = {((seen.counts & ~depth_mask) + one_push) | ((seen.counts + 1) & depth_mask),
            ke::as_parameter(ListEntry)};
  } while (!exchange(*ListHead, seen, next));
  return entry_at(seen.first);
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead) {
  Head seen = look(*ListHead);
  Head next;
  do {
    if (seen.first == 0) return nullptr;
    next = {(seen.counts & ~depth_mask) | ((seen.counts - 1) & depth_mask), link_of(seen.first)};
  } while (!exchange(*ListHead, seen, next));
  return entry_at(seen.first);
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead) {
  Head seen = look(*ListHead);
  Head next;
  do {
    if (seen.first == 0) return nullptr;
    next = {seen.counts & ~depth_mask, 0};
  } while (!exchange(*ListHead, seen, next));
  return entry_at(seen.first);
}
