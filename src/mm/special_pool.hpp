// Special pool: blocks with pages of their own between pages that are not mapped, so that running
// over the end, or touching what was freed, faults.
//                       [MSDN "Special Pool"; MSDN Bug Check 0xC1; MSDN Bug Check 0xCC, 0xCD]
//
// Rules
//   Which blocks come from here is chosen by tag. IRQL as for the pool; nothing blocks. Lock:
//   special_pool, under which nothing else is taken.
//   A block stands at the end of its pages, or at their beginning to find what runs over it from
//   above; of a page or more always at the beginning. What it leaves of its pages holds a pattern,
//   looked at when it is freed. Addresses are used again as late as possible: the arena is gone
//   through from its beginning to its end.
//   Misuse is bugcheck SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, but for a wrong tag, which is what
//   it is in the other pool.
#pragma once

#include "mm/pool_kind.hpp"
#include "mm/system_space.hpp"

namespace mica::mm {

// Where in its pages a block stands.
enum class Placement : std::uint8_t {
  usual,  // as was chosen for all
  end,
  beginning,
};

// Blocks whose tag is `tag`, but for the bits that are set in `ignored`. Zero-filled: none, because
// no tag is 0.
struct SpecialChoice {
  ULONG tag = 0;
  ULONG ignored = 0;
  bool at_beginning = false;

  [[nodiscard]] constexpr bool any() const noexcept { return tag != 0 || ignored != 0; }
};

class SpecialPool {
 public:
  void NTAPI initialize(SystemSpace& space, Physical& pages) noexcept;

  // From now on; blocks that are live stay. IRQL <= DISPATCH_LEVEL, one caller at a time. False,
  // and nothing is chosen, if there is no memory for the tables.
  [[nodiscard]] bool NTAPI choose(SpecialChoice const& choice) noexcept;
  [[nodiscard]] SpecialChoice NTAPI chosen() const noexcept;
  [[nodiscard]] bool chooses(ULONG tag) const noexcept {
    std::uint64_t const choice = choice_.load(std::memory_order_relaxed);
    return ((tag ^ static_cast<ULONG>(choice)) & ~static_cast<ULONG>(choice >> 32)) == 0;
  }

  struct Request {
    PoolKind kind;
    std::size_t bytes;
    ULONG tag;
    std::size_t alignment;  // of a block that is smaller than a page
    Placement placement;
  };
  // nullptr, and counted, if there is no room: the caller goes to the other pool.
  [[nodiscard]] void* NTAPI allocate(Request const& request) noexcept;

  struct Block {
    PoolKind kind;
    std::size_t bytes;
    ULONG tag;
  };
  // Whether the address is in the arena: the only question that may be asked of any pointer.
  [[nodiscard]] bool contains(void const* address) const noexcept {
    return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base_) <
           count_ << page_shift;
  }
  // Whether a live block of paged memory is on the page of that address. Its owner asks.
  [[nodiscard]] bool NTAPI is_paged(void const* address) const noexcept;
  // What stands at `memory`, in the arena, which may be freed with `tag`: else a bugcheck.
  [[nodiscard]] Block NTAPI judge(void* memory, ULONG tag, KIRQL irql) const noexcept;
  // A block that was judged: from now on its addresses fault.
  void NTAPI release(void* memory) noexcept;

  // The bugcheck of a page fault at an address of the arena that was freed, or is beyond a live
  // block; 0: neither. Any IRQL.
  [[nodiscard]] ULONG NTAPI fault_code(std::uintptr_t address) const noexcept;

  struct Usage {
    std::uint64_t allocations;
    std::uint64_t frees;
    std::uint64_t refused;  // went to the other pool for want of room
  };
  [[nodiscard]] Usage NTAPI usage() const noexcept;

 private:
  enum class State : std::uint8_t {
    unmapped,  // never used, or the page behind a block
    first,     // of a live block
    rest,
    freed,
  };
  // Of each page of the arena. The rest holds for the first page of a block, as long as it lives.
  struct Page {
    std::atomic<State> state;
    bool taken;  // guarded by lock_
    PoolKind kind;
    ULONG tag;
    std::uint64_t bytes : 48;
    std::uint64_t offset : 16;  // of the block in the page
  };
  static_assert(sizeof(Page) == 16);
  static constexpr std::size_t most_pages = std::size_t{1} << 15;

  struct Extent {
    std::size_t first;
    std::size_t pages;
  };

  [[nodiscard]] bool reserve_arena() noexcept;
  [[nodiscard]] std::size_t take(std::size_t pages) noexcept;
  void give_back(Extent extent) noexcept;
  [[nodiscard]] std::byte* address_of_page(std::size_t page) const noexcept {
    return base_ + (page << page_shift);
  }
  [[nodiscard]] std::size_t page_of(std::uintptr_t address) const noexcept {
    return (address - reinterpret_cast<std::uintptr_t>(base_)) >> page_shift;
  }
  [[nodiscard]] State state_of(std::size_t page) const noexcept {
    return pages_[page].state.load(std::memory_order_relaxed);
  }
  void set_states(Extent extent, State first, State rest) noexcept;
  void check_pattern(void* memory, Extent extent) const noexcept;

  ke::SpinLock<ke::Rank::special_pool> lock_;
  std::size_t cursor_ MICA_GUARDED_BY(lock_);  // where the next search begins
  std::atomic<std::uint64_t> choice_;          // SpecialChoice: `ignored`, then `tag`
  std::atomic<bool> at_beginning_;
  SystemSpace* space_;
  Physical* physical_;
  std::byte* base_;  // of the arena; its first page is never used
  std::size_t count_;
  Page* pages_;
  std::atomic<std::uint64_t> allocations_;
  std::atomic<std::uint64_t> frees_;
  std::atomic<std::uint64_t> refused_;
};

}  // namespace mica::mm
