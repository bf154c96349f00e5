#include "mm/physical.hpp"

#include <algorithm>
#include <cstring>

#include "mm/poison.hpp"

namespace mica::mm {

namespace {

// Apart: a call out of this convention would make every allocation save the vector registers.
[[gnu::noinline]] void NTAPI clear(PageNumber first, std::size_t pages) noexcept {
  std::memset(direct(first), 0, pages << page_shift);
}

}  // namespace

void Physical::initialize(std::span<hal::PageRange const> ranges) noexcept {
  // Largest first; of equal ones the lower. A machine has a handful, and pages beyond range_limit
  // ranges stay unused.
  hal::PageRange previous{{0}, ~std::uint64_t{0}};
  for (unsigned i = 0; i < range_limit; ++i) {
    hal::PageRange best{{0}, 0};
    for (hal::PageRange const& range : ranges) {
      bool const after = range.count < previous.count ||
                         (range.count == previous.count && range.first > previous.first);
      bool const better =
          range.count > best.count || (range.count == best.count && range.first < best.first);
      if (after && better) best = range;
    }
    if (best.count == 0) return;
    add(best);
    previous = best;
  }
}

void Physical::add(hal::PageRange range) noexcept {
  std::uint64_t const count = std::min<std::uint64_t>(range.count, PageRuns::none - 1);
  std::uint64_t const database = (count * sizeof(PageEntry) + page_size - 1) >> page_shift;
  if (database >= count) return;
  auto* const entries = static_cast<PageEntry*>(direct(range.first));
  unpoison(entries, database << page_shift);
  Range& added = ranges_[range_count_++];
  added.first = {range.first.value + database};
  added.base = reinterpret_cast<std::uintptr_t>(direct(added.first));
  added.bytes = (count - database) << page_shift;
  added.runs.initialize(entries, static_cast<std::uint32_t>(count - database));
  total_pages_ += count - database;
}

PageNumber Physical::allocate(std::size_t pages, PageUse use, Fill fill,
                              PageBounds const& bounds) noexcept {
  PageNumber first = no_page;
  if (pages < PageRuns::none) {
    auto const count = static_cast<std::uint32_t>(pages);
    ke::SpinGuard<ke::Rank::pages> guard{lock_};
    for (unsigned i = 0; i < range_count_ && first == no_page; ++i) {
      Range& range = ranges_[i];
      std::uint64_t const base = range.first.value;
      bool const any_will_do = bounds.boundary == 0 && bounds.low <= base &&
                               bounds.high >= base + range.runs.count() - 1;
      std::uint32_t const page = any_will_do ? range.runs.allocate(count, use)
                                             : range.runs.allocate_within(count, use, bounds, base);
      if (page != PageRuns::none) first = {base + page};
    }
  }
  if (first == no_page) return no_page;
  unpoison(direct(first), pages << page_shift);
  if (fill == Fill::zero) clear(first, pages);
  return first;
}

void Physical::release(PageNumber first, std::size_t pages) noexcept {
  poison(direct(first), pages << page_shift);
  ke::SpinGuard<ke::Rank::pages> guard{lock_};
  for (unsigned i = 0; i < range_count_; ++i) {
    std::uint64_t const page = first.value - ranges_[i].first.value;
    if (page < ranges_[i].runs.count()) {
      ranges_[i].runs.release(static_cast<std::uint32_t>(page), static_cast<std::uint32_t>(pages));
      return;
    }
  }
}

std::size_t Physical::free_pages() noexcept {
  ke::SpinGuard<ke::Rank::pages> guard{lock_};
  std::size_t free = 0;
  for (unsigned i = 0; i < range_count_; ++i) free += ranges_[i].runs.free_pages();
  return free;
}

PageNumber Physical::page_at(void const* direct) const noexcept {
  auto const address = reinterpret_cast<std::uintptr_t>(direct);
  for (unsigned i = 0; i < range_count_; ++i) {
    std::uintptr_t const offset = address - ranges_[i].base;
    if (offset < ranges_[i].bytes) return {ranges_[i].first.value + (offset >> page_shift)};
  }
  return no_page;
}

}  // namespace mica::mm
