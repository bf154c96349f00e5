#include "hal_x64/memory_map.hpp"

namespace mica::hal_x64 {

namespace {

// One past the highest address that page numbers and page tables can name.
//                                                                        [SDM 3A, "4-Level Paging"]
constexpr std::uint64_t physical_end = std::uint64_t{1} << 46;

std::uint64_t end_of(std::uint64_t base, std::uint64_t bytes) noexcept {
  if (base >= physical_end) return physical_end;
  return bytes < physical_end - base ? base + bytes : physical_end;
}

}  // namespace

void MemoryMap::add(std::uint64_t base, std::uint64_t bytes) noexcept {
  std::uint64_t const end = end_of(base, bytes) >> page_shift;
  if (base >= physical_end) return;
  std::uint64_t const first = (base + page_size - 1) >> page_shift;
  if (first >= end) return;
  remove_pages(first, end);  // loaders may name a range twice
  if (count_ == capacity) return;
  std::size_t at = 0;
  while (at < count_ && ranges_[at].first.value < first) ++at;
  insert(at, {PageNumber{first}, end - first});
}

void MemoryMap::remove(std::uint64_t base, std::uint64_t bytes) noexcept {
  if (bytes == 0 || base >= physical_end) return;
  remove_pages(base >> page_shift, (end_of(base, bytes) + page_size - 1) >> page_shift);
}

void MemoryMap::remove_pages(std::uint64_t first, std::uint64_t end) noexcept {
  for (std::size_t at = 0; at < count_;) {
    std::uint64_t const low = ranges_[at].first.value;
    std::uint64_t const high = low + ranges_[at].count;
    if (high <= first || low >= end) {
      ++at;
      continue;
    }
    erase(at);
    if (low < first) insert(at++, {PageNumber{low}, first - low});
    if (high > end && count_ < capacity) insert(at++, {PageNumber{end}, high - end});
  }
}

PageNumber MemoryMap::take(PageNumber limit) noexcept {
  if (count_ == 0 || ranges_[0].first >= limit) return no_page;
  PageNumber const page = ranges_[0].first;
  remove_pages(page.value, page.value + 1);
  return page;
}

void MemoryMap::insert(std::size_t at, hal::PageRange range) noexcept {
  for (std::size_t i = count_++; i > at; --i) ranges_[i] = ranges_[i - 1];
  ranges_[at] = range;
}

void MemoryMap::erase(std::size_t at) noexcept {
  --count_;
  for (std::size_t i = at; i < count_; ++i) ranges_[i] = ranges_[i + 1];
}

}  // namespace mica::hal_x64
