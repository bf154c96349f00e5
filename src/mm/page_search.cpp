#include "mm/page_search.hpp"

#include <cstring>

#include "mm/state.hpp"

namespace mica::mm {

PageSearch::~PageSearch() {
  while (rejected_ != no_page) {
    PageNumber const page = rejected_;
    std::memcpy(&rejected_, direct(page), sizeof rejected_);
    state().pages.release(page, pages_);
  }
}

PageNumber PageSearch::next() noexcept {
  for (;;) {
    PageNumber const first = state().pages.allocate(pages_, PageUse::kernel, Fill::none);
    if (first == no_page || fits(first)) return first;
    std::memcpy(direct(first), &rejected_, sizeof rejected_);
    rejected_ = first;
  }
}

bool PageSearch::fits(PageNumber first) const noexcept {
  std::uint64_t const last = first.value + pages_ - 1;
  if (first.value < bounds_.low || last > bounds_.high) return false;
  return bounds_.boundary == 0 || first.value / bounds_.boundary == last / bounds_.boundary;
}

}  // namespace mica::mm
