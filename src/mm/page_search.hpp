// Neighbouring physical pages that lie where a device reaches them.
#pragma once

#include <cstddef>
#include <cstdint>

#include <nt/ntdef.h>

#include "base/types.hpp"

namespace mica::mm {

// Page numbers.
struct PageBounds {
  std::uint64_t low;       // the first page that will do
  std::uint64_t high;      // the last
  std::uint64_t boundary;  // no run crosses a multiple of it; 0: it may
};

// Finds one run after another. What it found elsewhere it keeps until it ends, strung together
// through the pages' own first words: what is given back at once would be found again.
class PageSearch {
 public:
  PageSearch(std::size_t pages, PageBounds const& bounds) noexcept
      : pages_{pages}, taken_{bounds.boundary == 0 ? pages : 2 * pages - 1}, bounds_{bounds} {}
  PageSearch(PageSearch const&) = delete;
  PageSearch& operator=(PageSearch const&) = delete;
  NTAPI ~PageSearch();

  // The first page of a run that is the caller's now, whatever is in it; no_page: there is none.
  // IRQL <= DISPATCH_LEVEL.
  [[nodiscard]] PageNumber NTAPI next() noexcept;

 private:
  [[nodiscard]] std::uint64_t before_boundary(PageNumber first) const noexcept;
  [[nodiscard]] bool fits(PageNumber first) const noexcept;
  void give(PageNumber first, std::size_t pages) const noexcept;

  std::size_t const pages_;
  std::size_t const taken_;  // at once: as many neighbours have a run between two multiples
  PageBounds const bounds_;
  PageNumber rejected_ = no_page;
};

}  // namespace mica::mm
