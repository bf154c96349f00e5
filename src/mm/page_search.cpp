#include "mm/page_search.hpp"

#include <cstring>

#include "mm/state.hpp"

namespace mica::mm {

PageSearch::~PageSearch() {
  while (rejected_ != no_page) {
    PageNumber const page = rejected_;
    std::memcpy(&rejected_, direct(page), sizeof rejected_);
    give(page, taken_);
  }
}

PageNumber PageSearch::next() noexcept {
  if (bounds_.boundary != 0 && pages_ > bounds_.boundary) return no_page;
  for (;;) {
    PageNumber const taken = state().pages.allocate(taken_, PageUse::kernel, Fill::none);
    if (taken == no_page) return no_page;
    std::uint64_t const before = before_boundary(taken);
    PageNumber const first{taken.value + before};
    if (fits(first)) {
      give(taken, before);
      give({first.value + pages_}, taken_ - pages_ - before);
      return first;
    }
    std::memcpy(direct(taken), &rejected_, sizeof rejected_);
    rejected_ = taken;
  }
}

// How many pages come first that a run cannot begin with, because it would cross a multiple.
std::uint64_t PageSearch::before_boundary(PageNumber first) const noexcept {
  if (bounds_.boundary == 0) return 0;
  std::uint64_t const left = bounds_.boundary - first.value % bounds_.boundary;
  return left >= pages_ ? 0 : left;
}

bool PageSearch::fits(PageNumber first) const noexcept {
  return first.value >= bounds_.low && first.value + pages_ - 1 <= bounds_.high;
}

void PageSearch::give(PageNumber first, std::size_t pages) const noexcept {
  if (pages != 0) state().pages.release(first, pages);
}

}  // namespace mica::mm
