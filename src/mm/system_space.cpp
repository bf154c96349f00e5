#include "mm/system_space.hpp"

#include <algorithm>
#include <cstring>

namespace mica::mm {

namespace {

constexpr std::size_t word_bits = 64;

[[nodiscard]] std::size_t pages_for(std::size_t bytes) noexcept {
  return (bytes + page_size - 1) >> page_shift;
}

}  // namespace

bool SystemSpace::initialize(hal::VirtualRange space, Physical& pages) noexcept {
  pages_ = &pages;
  base_ = space.base;
  count_ = std::min(space.bytes >> page_shift, 4 * pages.total_pages()) & ~(word_bits - 1);
  PageNumber const bits = pages.allocate(pages_for(count_ / 8), PageUse::kernel, Fill::zero);
  // Slots are cleared when their range is reserved.
  PageNumber const slots =
      pages.allocate(pages_for(count_ * sizeof(Slot)), PageUse::kernel, Fill::none);
  if (bits == no_page || slots == no_page) return false;
  slots_ = static_cast<Slot*>(direct(slots));
  ke::SpinGuard<ke::Rank::system_space> guard{lock_};
  used_ = static_cast<std::uint64_t*>(direct(bits));
  hint_ = 0;
  return true;
}

std::byte* SystemSpace::reserve(std::size_t pages) noexcept {
  if (pages == 0 || pages >= count_) return nullptr;
  std::size_t first;
  {
    ke::SpinGuard<ke::Rank::system_space> guard{lock_};
    std::size_t const gapped = pages + 1;
    first = find(hint_, count_, gapped);
    if (first == none) first = find(0, std::min(count_, hint_ + gapped), gapped);
    if (first == none) return nullptr;
    mark(first, gapped, true);
    hint_ = first + gapped;
  }
  for (std::size_t i = 0; i < pages; ++i) slots_[first + i].store(0, std::memory_order_relaxed);
  return base_ + (first << page_shift);
}

void SystemSpace::release(std::byte* base, std::size_t pages) noexcept {
  ke::SpinGuard<ke::Rank::system_space> guard{lock_};
  mark(static_cast<std::size_t>(base - base_) >> page_shift, pages + 1, false);
}

// The first `pages` unused pages in a row within [from, to).
std::size_t SystemSpace::find(std::size_t from, std::size_t to, std::size_t pages) const noexcept {
  std::size_t start = from;
  for (std::size_t at = from; at < to; ++at) {
    std::uint64_t const word = used_[at / word_bits];
    if (word == ~std::uint64_t{0} && at % word_bits == 0) {
      at += word_bits - 1;
      start = at + 1;
    } else if ((word >> (at % word_bits) & 1) != 0) {
      start = at + 1;
    } else if (at + 1 - start == pages) {
      return start;
    }
  }
  return none;
}

void SystemSpace::mark(std::size_t first, std::size_t pages, bool used) noexcept {
  for (std::size_t at = first; at < first + pages; ++at) {
    std::uint64_t const bit = std::uint64_t{1} << (at % word_bits);
    std::uint64_t& word = used_[at / word_bits];
    word = used ? word | bit : word & ~bit;
  }
}

bool SystemSpace::map(std::byte* address, PageNumber page, hal::Protection protection) noexcept {
  if (!Machine::map(address, page, protection)) return false;
  slot(address).store(static_cast<std::uint32_t>(page.value + 1), std::memory_order_relaxed);
  return true;
}

void SystemSpace::unmap(std::byte* address, std::size_t pages) noexcept {
  for (std::size_t i = 0; i < pages; ++i) {
    std::byte* const page = address + (i << page_shift);
    slot(page).store(0, std::memory_order_relaxed);
    Machine::unmap(page);
  }
  if (pages != 0) Machine::flush(address, pages);
}

bool SystemSpace::populate(std::byte* address, std::size_t pages) noexcept {
  for (std::size_t i = 0; i < pages; ++i) {
    PageNumber const page = pages_->allocate(1, PageUse::kernel, Fill::none);
    if (page != no_page && map(address + (i << page_shift), page, hal::Protection::read_write))
      continue;
    if (page != no_page) pages_->release(page, 1);
    depopulate(address, i);
    return false;
  }
  return true;
}

// A page is somebody else's only after no processor can reach it here: unmapped and flushed first.
// The slots would forget it, so the pages are strung together through their own first words.
void SystemSpace::depopulate(std::byte* address, std::size_t pages) noexcept {
  PageNumber chain = no_page;
  for (std::size_t i = 0; i < pages; ++i) {
    PageNumber const page = page_at(address + (i << page_shift));
    std::memcpy(direct(page), &chain, sizeof chain);
    chain = page;
  }
  unmap(address, pages);
  while (chain != no_page) {
    PageNumber const page = chain;
    std::memcpy(&chain, direct(page), sizeof chain);
    pages_->release(page, 1);
  }
}

std::byte* SystemSpace::allocate(std::size_t pages) noexcept {
  std::byte* const base = reserve(pages);
  if (base == nullptr || populate(base, pages)) return base;
  release(base, pages);
  return nullptr;
}

void SystemSpace::free(std::byte* base, std::size_t pages) noexcept {
  depopulate(base, pages);
  release(base, pages);
}

PageNumber SystemSpace::page_at(void const* address) const noexcept {
  if (!contains(address)) return no_page;
  std::uint32_t const page = slot(address).load(std::memory_order_relaxed);
  return page == 0 ? no_page : PageNumber{page - std::uint64_t{1}};
}

}  // namespace mica::mm
