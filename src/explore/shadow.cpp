#include "explore/shadow.hpp"

#include <utility>

namespace mica::explore {

// The table has room: open addressing, and nothing is ever taken out.
Shadow::Entry& Shadow::entry_of(std::uintptr_t number) noexcept {
  std::size_t const mask = table_.size() - 1;
  std::size_t at = (number * 0x9e3779b97f4a7c15) >> 32 & mask;
  while (table_[at].page && table_[at].number != number) at = (at + 1) & mask;
  return table_[at];
}

void Shadow::grow() {
  std::vector<Entry> old(2 * table_.size());
  old.swap(table_);
  for (Entry& entry : old)
    if (entry.page) entry_of(entry.number) = std::move(entry);
}

Shadow::Page& Shadow::find_or_make(std::uintptr_t number) {
  if (2 * used_ >= table_.size()) grow();
  Entry& entry = entry_of(number);
  if (!entry.page) {
    entry = {number, std::make_unique<Page>()};
    ++used_;
  }
  if (entry.page->generation < born_) entry.page->generation = ++generation_;
  last_number_ = number;
  last_ = entry.page.get();
  return *last_;
}

void Shadow::clear(std::uintptr_t from, std::uintptr_t to) noexcept {
  for (std::uintptr_t number = from / page_bytes; number * page_bytes < to; ++number) {
    Entry& entry = entry_of(number);
    if (!entry.page || entry.page->generation < born_) continue;
    std::uintptr_t const base = number * page_bytes;
    if (from <= base && base + page_bytes <= to) {
      entry.page->generation = ++generation_;
      continue;
    }
    std::size_t const first = from > base ? (from - base) / Cell::bytes : 0;
    std::size_t const end =
        to < base + page_bytes ? (to - base) / Cell::bytes : page_bytes / Cell::bytes;
    for (std::size_t i = first; i < end; ++i) entry.page->cells[i].generation = 0;
  }
}

}  // namespace mica::explore
