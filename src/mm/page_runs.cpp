#include "mm/page_runs.hpp"

#include <algorithm>
#include <bit>

namespace mica::mm {
namespace {

// Where in the free pages from `first` to before `end` a run begins that is within the bounds.
[[nodiscard]] std::uint32_t place(std::uint32_t first, std::uint32_t end, std::uint32_t pages,
                                  PageBounds const& bounds, std::uint64_t base) noexcept {
  std::uint64_t begin = std::max(base + first, bounds.low);
  std::uint64_t const limit = std::min(base + end, bounds.high + 1);
  if (bounds.boundary != 0) {
    if (pages > bounds.boundary) return PageRuns::none;
    std::uint64_t const left = bounds.boundary - begin % bounds.boundary;
    if (left < pages) begin += left;
  }
  if (begin >= limit || limit - begin < pages) return PageRuns::none;
  return static_cast<std::uint32_t>(begin - base);
}

}  // namespace

void PageRuns::initialize(PageEntry* entries, std::uint32_t count) noexcept {
  entries_ = entries;
  count_ = count;
  mark_ = 0;
  free_pages_ = count;
  nonempty_ = 0;
  std::fill(heads_, heads_ + orders, none);
}

std::uint32_t PageRuns::allocate(std::uint32_t pages, PageUse use) noexcept {
  if (pages == 0 || pages > free_pages_) return none;
  unsigned const order = static_cast<unsigned>(std::bit_width(pages - 1));
  if (order >= orders) return none;
  std::uint32_t first = take_run(order);
  if (first != none) {
    give_span(first + pages, (std::uint32_t{1} << order) - pages);
  } else {
    first = take_unused(pages, order);
    if (first == none) return none;
  }
  own(first, pages, use);
  return first;
}

std::uint32_t PageRuns::allocate_within(std::uint32_t pages, PageUse use, PageBounds const& bounds,
                                        std::uint64_t base) noexcept {
  if (pages == 0 || pages > free_pages_) return none;
  for (unsigned order = orders; order-- > 0 && std::uint32_t{1} << order >= pages;) {
    std::uint32_t const size = std::uint32_t{1} << order;
    for (std::uint32_t run = heads_[order]; run != none; run = entries_[run].links.next) {
      std::uint32_t const first = place(run, run + size, pages, bounds, base);
      if (first == none) continue;
      unlink(run);
      give_span(run, first - run);
      give_span(first + pages, run + size - first - pages);
      own(first, pages, use);
      return first;
    }
  }
  std::uint32_t const first = place(mark_, count_, pages, bounds, base);
  if (first == none) return none;
  use_up_to(first, pages);
  own(first, pages, use);
  return first;
}

// From no run any more to its owner.
void PageRuns::own(std::uint32_t first, std::uint32_t pages, PageUse use) noexcept {
  PageUse const rest = use == PageUse::pool_large ? PageUse::pool_large_rest : use;
  for (std::uint32_t page = first; page < first + pages; ++page) {
    entries_[page].use = page == first ? use : rest;
    entries_[page].watched = 0;
  }
  free_pages_ -= pages;
}

void PageRuns::release(std::uint32_t first, std::uint32_t pages) noexcept {
  give_span(first, pages);
  free_pages_ += pages;
}

// The smallest free run that is large enough; what is beyond 2^order goes back, upper halves first.
std::uint32_t PageRuns::take_run(unsigned order) noexcept {
  std::uint32_t const candidates = nonempty_ >> order << order;
  if (candidates == 0) return none;
  unsigned found = static_cast<unsigned>(std::countr_zero(candidates));
  std::uint32_t const first = heads_[found];
  unlink(first);
  while (found > order) {
    --found;
    link(first + (std::uint32_t{1} << found), found);
  }
  return first;
}

// From the pages never used: aligned, so that the run can join its neighbours when it is freed.
std::uint32_t PageRuns::take_unused(std::uint32_t pages, unsigned order) noexcept {
  std::uint64_t const size = std::uint64_t{1} << order;
  std::uint64_t const first = (mark_ + size - 1) & ~(size - 1);
  if (first + pages > count_) return none;
  use_up_to(static_cast<std::uint32_t>(first), pages);
  return static_cast<std::uint32_t>(first);
}

// Moves the mark behind the pages from `first` on; those before them are free now.
void PageRuns::use_up_to(std::uint32_t first, std::uint32_t pages) noexcept {
  std::uint32_t const skipped = mark_;
  __atomic_store_n(&mark_, first + pages, __ATOMIC_RELAXED);
  // Joining looks at neighbours below the mark: none of these may pass for a free run.
  for (std::uint32_t page = skipped; page < mark_; ++page) entries_[page] = PageEntry{};
  give_span(skipped, first - skipped);
}

// Any span is a few aligned runs.
void PageRuns::give_span(std::uint32_t first, std::uint32_t pages) noexcept {
  for (std::uint32_t page = first; page < first + pages; ++page) {
    entries_[page].use = PageUse::free;
    entries_[page].heads_run = false;
  }
  while (pages != 0) {
    unsigned const fits = static_cast<unsigned>(std::bit_width(pages)) - 1;
    unsigned const aligned = first == 0 ? fits : static_cast<unsigned>(std::countr_zero(first));
    unsigned const order = std::min(fits, aligned);
    give_run(first, order);
    first += std::uint32_t{1} << order;
    pages -= std::uint32_t{1} << order;
  }
}

void PageRuns::give_run(std::uint32_t first, unsigned order) noexcept {
  for (; order + 1 < orders; ++order) {
    std::uint32_t const size = std::uint32_t{1} << order;
    std::uint32_t const neighbour = first ^ size;
    if (neighbour + size > mark_) break;
    PageEntry const& entry = entries_[neighbour];
    if (entry.use != PageUse::free || !entry.heads_run || entry.order != order) break;
    unlink(neighbour);
    first = std::min(first, neighbour);
  }
  link(first, order);
}

void PageRuns::link(std::uint32_t first, unsigned order) noexcept {
  PageEntry& entry = entries_[first];
  entry.use = PageUse::free;
  entry.heads_run = true;
  entry.order = static_cast<std::uint8_t>(order);
  entry.links = {.next = heads_[order], .previous = none};
  if (heads_[order] != none) entries_[heads_[order]].links.previous = first;
  heads_[order] = first;
  nonempty_ |= std::uint32_t{1} << order;
}

void PageRuns::unlink(std::uint32_t first) noexcept {
  PageEntry& entry = entries_[first];
  entry.heads_run = false;
  auto const [next, previous] = entry.links;
  if (next != none) entries_[next].links.previous = previous;
  if (previous != none) {
    entries_[previous].links.next = next;
  } else {
    heads_[entry.order] = next;
    if (next == none) nonempty_ &= ~(std::uint32_t{1} << entry.order);
  }
}

}  // namespace mica::mm
