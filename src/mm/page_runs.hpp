// The page database of one range of physical pages, and the free pages in it.
//
// Rules
//   No lock of its own: mm::Physical holds its lock around every member but entry().
//   Free pages stand in runs of 2^order, each aligned to its size within the range; a run that is
//   freed joins its neighbour while that is free and as large. Pages above `mark` were never used:
//   their entries hold nothing yet, so a range costs nothing until it is used.
#pragma once

#include <nt/ntdef.h>

#include <cstddef>
#include <cstdint>

#include "base/types.hpp"

namespace mica::mm {

enum class PageUse : std::uint8_t {
  free,             // in a free run
  kernel,           // page tables, stacks, the database itself: whoever holds it knows
  pool_blocks,      // carved into pool blocks smaller than a page
  pool_large,       // first page of a pool block of one page or more
  pool_large_rest,  // the pages after it
  contiguous,       // first page of contiguous memory (contiguous.cpp); the others are kernel
};

struct PageEntry {
  struct Links {
    std::uint32_t next;
    std::uint32_t previous;
  };
  PageUse use;
  std::uint8_t pool;  // pool_*: which pool
  union {
    struct {
      bool heads_run;  // free: the first page of a free run; `order` and `links` hold
      std::uint8_t order;
    };
    // pool_blocks, pool_large: frees here are shown to mm::State::freeing...
    struct {
      bool watched_objects;  // ...because of what must be deleted first
      bool watched_timers;   // ...because of timers and DPCs
    };
    std::uint16_t watched;  // 0: neither
  };
  std::uint32_t tag;  // pool_large
  union {
    Links links;
    std::uint64_t bytes;  // pool_large, contiguous: as requested
  };
};
static_assert(sizeof(PageEntry) == 16);

// Which pages will do.
struct PageBounds {
  std::uint64_t low;       // the first of them
  std::uint64_t high;      // the last
  std::uint64_t boundary;  // no run crosses a multiple of it; 0: it may
};
inline constexpr PageBounds any_pages{0, ~std::uint64_t{0} >> page_shift, 0};

class PageRuns {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  // `entries` has room for `count` pages; its contents do not matter.
  void NTAPI initialize(PageEntry* entries, std::uint32_t count) noexcept;

  // First page of `pages` neighbouring ones, all marked `use`; or none.
  [[nodiscard]] std::uint32_t NTAPI allocate(std::uint32_t pages, PageUse use) noexcept;
  // The same within bounds, which count this range's first page as `base`. Looks at free runs until
  // one will do, at the largest first, of which there are few.
  [[nodiscard]] std::uint32_t NTAPI allocate_within(std::uint32_t pages, PageUse use,
                                                    PageBounds const& bounds,
                                                    std::uint64_t base) noexcept;
  void NTAPI release(std::uint32_t first, std::uint32_t pages) noexcept;

  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t free_pages() const noexcept { return free_pages_; }

  // The entry of a page that was once allocated, else nullptr. Any IRQL, no lock: what it says is
  // stable for as long as the caller owns the page.
  [[nodiscard]] PageEntry* entry(std::uint32_t page) noexcept {
    return page < __atomic_load_n(&mark_, __ATOMIC_RELAXED) ? entries_ + page : nullptr;
  }

 private:
  static constexpr unsigned orders = 24;

  [[nodiscard]] std::uint32_t NTAPI take_run(unsigned order) noexcept;
  [[nodiscard]] std::uint32_t NTAPI take_unused(std::uint32_t pages, unsigned order) noexcept;
  void NTAPI use_up_to(std::uint32_t first, std::uint32_t pages) noexcept;
  void NTAPI own(std::uint32_t first, std::uint32_t pages, PageUse use) noexcept;
  void NTAPI give_span(std::uint32_t first, std::uint32_t pages) noexcept;
  void NTAPI give_run(std::uint32_t first, unsigned order) noexcept;
  void NTAPI link(std::uint32_t first, unsigned order) noexcept;
  void NTAPI unlink(std::uint32_t first) noexcept;

  PageEntry* entries_;
  std::uint32_t count_;
  std::uint32_t mark_;
  std::uint32_t free_pages_;
  std::uint32_t nonempty_;  // bit per order
  std::uint32_t heads_[orders];
};

}  // namespace mica::mm
