// Physical pages: who has which, and those nobody has.
//
// Rules
//   allocate, release: IRQL <= DISPATCH_LEVEL; never block. Lock: pages, under which nothing else
//   is taken, so they may be called with any lock of rank below it held (the pool's, the system
//   space's, the machine's). A page that was allocated is reachable through Machine::direct(),
//   writable, until it is released.
#pragma once

#include <machine.hpp>
#include <span>

#include "base/types.hpp"
#include "ke/spin_lock.hpp"
#include "mm/page_runs.hpp"

namespace mica::mm {

enum class Fill : std::uint8_t { none, zero };

class Physical {
 public:
  // Takes the machine's ranges; the first pages of each hold its database. Once, before any other
  // member.
  void NTAPI initialize(std::span<hal::PageRange const> ranges) noexcept;

  // `pages` neighbouring pages, or no_page.
  [[nodiscard]] PageNumber NTAPI allocate(std::size_t pages, PageUse use, Fill fill,
                                          PageBounds const& bounds = any_pages) noexcept;
  void NTAPI release(PageNumber first, std::size_t pages) noexcept;

  [[nodiscard]] std::size_t total_pages() const noexcept { return total_pages_; }
  [[nodiscard]] std::size_t NTAPI free_pages() noexcept;

  // What is known of the page at a direct address; nullptr where no allocated page is. Any IRQL, no
  // lock.
  [[nodiscard]] PageEntry* entry_at(void const* direct) noexcept {
    auto const address = reinterpret_cast<std::uintptr_t>(direct);
    for (unsigned i = 0; i < range_count_; ++i) {
      std::uintptr_t const offset = address - ranges_[i].base;
      if (offset < ranges_[i].bytes) {
        return ranges_[i].runs.entry(static_cast<std::uint32_t>(offset >> page_shift));
      }
    }
    return nullptr;
  }

  // The page behind a direct address, or no_page if the address is none. Any IRQL.
  [[nodiscard]] PageNumber NTAPI page_at(void const* direct) const noexcept;

 private:
  // The largest first, because most lookups end there.
  struct Range {
    std::uintptr_t base;  // direct address of `first`; the range is contiguous there too
    std::size_t bytes;
    PageNumber first;
    PageRuns runs;
  };
  static constexpr unsigned range_limit = 8;

  void add(hal::PageRange range) noexcept;

  ke::SpinLock<ke::Rank::pages> lock_;
  unsigned range_count_;
  std::size_t total_pages_;
  Range ranges_[range_limit];
};

[[nodiscard]] inline void* direct(PageNumber page) noexcept {
  return Machine::direct(address_of(page));
}

}  // namespace mica::mm
