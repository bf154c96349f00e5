#include "mm/special_pool.hpp"

#include <algorithm>
#include <cstring>

#include "ke/bugcheck.hpp"
#include "mm/poison.hpp"

namespace mica::mm {

namespace {

constexpr std::size_t nowhere = ~std::size_t{0};

[[nodiscard]] constexpr std::size_t pages_for(std::size_t bytes) noexcept {
  return std::max<std::size_t>((bytes >> page_shift) + ((bytes & (page_size - 1)) != 0), 1);
}

// Where a block of `bytes` stands in its first page.
[[nodiscard]] std::size_t offset_of(SpecialPool::Request const& request,
                                    bool at_beginning) noexcept {
  if (at_beginning || request.bytes >= page_size) return 0;
  std::size_t const bytes = std::max<std::size_t>(request.bytes, 1);
  return page_size - ((bytes + request.alignment - 1) & ~(request.alignment - 1));
}

// Apart: a call out of this convention would make every caller save the vector registers.
[[gnu::noinline]] void NTAPI fill(std::byte* at, std::size_t bytes, std::uint8_t value) noexcept {
  std::memset(at, value, bytes);
}

}  // namespace

void SpecialPool::initialize(SystemSpace& space, Physical& pages) noexcept {
  space_ = &space;
  physical_ = &pages;
}

bool SpecialPool::choose(SpecialChoice const& choice) noexcept {
  if (choice.any() && base_ == nullptr && !reserve_arena()) return false;
  at_beginning_.store(choice.at_beginning, std::memory_order_relaxed);
  choice_.store(std::uint64_t{choice.ignored} << 32 | choice.tag, std::memory_order_relaxed);
  return true;
}

SpecialChoice SpecialPool::chosen() const noexcept {
  std::uint64_t const choice = choice_.load(std::memory_order_relaxed);
  return {static_cast<ULONG>(choice), static_cast<ULONG>(choice >> 32),
          at_beginning_.load(std::memory_order_relaxed)};
}

bool SpecialPool::reserve_arena() noexcept {
  std::size_t const count = std::min(physical_->total_pages(), most_pages);
  std::size_t const table_pages = pages_for(count * sizeof(Page));
  PageNumber const table = physical_->allocate(table_pages, PageUse::kernel, Fill::zero);
  if (table == no_page) return false;
  std::byte* const base = space_->reserve(count);
  if (base == nullptr) {
    physical_->release(table, table_pages);
    return false;
  }
  pages_ = static_cast<Page*>(direct(table));
  base_ = base;
  count_ = count;
  ke::SpinGuard guard{lock_};
  cursor_ = 1;
  return true;
}

// The first of `pages` untaken ones in a row before one more, all taken now; searched for from
// where the last search ended, once around.
std::size_t SpecialPool::take(std::size_t pages) noexcept {
  if (pages >= count_) return nowhere;
  ke::SpinGuard guard{lock_};
  std::size_t run = 0;
  std::size_t at = cursor_;
  for (std::size_t looked = 0; looked < count_ + pages; ++looked, ++at) {
    if (at >= count_) {
      at = 1;
      run = 0;
    }
    run = pages_[at].taken ? 0 : run + 1;
    if (run <= pages) continue;
    for (std::size_t page = at - pages; page <= at; ++page) pages_[page].taken = true;
    cursor_ = at + 1;
    return at - pages;
  }
  return nowhere;
}

void SpecialPool::give_back(Extent extent) noexcept {
  ke::SpinGuard guard{lock_};
  for (std::size_t page = 0; page <= extent.pages; ++page)
    pages_[extent.first + page].taken = false;
}

void SpecialPool::set_states(Extent extent, State first, State rest) noexcept {
  for (std::size_t page = 1; page < extent.pages; ++page)
    pages_[extent.first + page].state.store(rest, std::memory_order_relaxed);
  pages_[extent.first].state.store(first, std::memory_order_relaxed);
}

// Another value on each page, and none that a page is likely to be written with.
[[nodiscard]] static std::uint8_t pattern_of(std::size_t page) noexcept {
  return static_cast<std::uint8_t>((page * 2 + 1) & 0x3F) | 0x80;
}

void* SpecialPool::allocate(Request const& request) noexcept {
  std::size_t const pages = pages_for(request.bytes);
  std::size_t const first = take(pages);
  std::byte* const base = first == nowhere ? nullptr : address_of_page(first);
  bool const populated = base != nullptr && space_->populate(base, pages);
  if (!populated) {
    if (base != nullptr) give_back({first, pages});
    refused_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  unpoison(base, pages << page_shift);
  fill(base, pages << page_shift, pattern_of(first));
  bool const at_beginning = request.placement == Placement::usual
                                ? at_beginning_.load(std::memory_order_relaxed)
                                : request.placement == Placement::beginning;
  Page& page = pages_[first];
  page.kind = request.kind;
  page.tag = request.tag;
  page.bytes = request.bytes;
  page.offset = offset_of(request, at_beginning);
  pages_[first + pages].state.store(State::unmapped, std::memory_order_relaxed);
  set_states({first, pages}, State::first, State::rest);
  allocations_.fetch_add(1, std::memory_order_relaxed);
  return base + page.offset;
}

bool SpecialPool::is_paged(void const* address) const noexcept {
  if (!contains(address)) return false;
  std::size_t first = page_of(reinterpret_cast<std::uintptr_t>(address));
  while (state_of(first) == State::rest) --first;
  return state_of(first) == State::first && pages_[first].kind == PoolKind::paged;
}

SpecialPool::Block SpecialPool::judge(void* memory, ULONG tag, KIRQL irql) const noexcept {
  constexpr ULONG code = SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION;
  ULONG_PTR const address = ke::as_parameter(memory);
  std::size_t first = page_of(address);
  while (state_of(first) == State::rest) --first;
  if (state_of(first) != State::first) ke::bugcheck(code, address, 0, 0, 0x20);
  Page const& page = pages_[first];
  std::uintptr_t const begins = ke::as_parameter(address_of_page(first)) + page.offset;
  if (address != begins)
    ke::bugcheck(code, address, page.bytes, begins + page.bytes - address, 0x21);
  KIRQL const highest = page.kind == PoolKind::nonpaged ? DISPATCH_LEVEL : APC_LEVEL;
  if (irql > highest) ke::bugcheck(code, irql, static_cast<ULONG_PTR>(page.kind), address, 0x31);
  if (tag != page.tag && tag != 0) ke::bugcheck(BAD_POOL_CALLER, 0x0A, address, page.tag, tag);
  check_pattern(memory, {first, pages_for(page.bytes)});
  return {page.kind, page.bytes, page.tag};
}

// Around the block each byte must be what it was: the first that is not is what the bugcheck names.
void SpecialPool::check_pattern(void* memory, Extent extent) const noexcept {
  auto const* const block = static_cast<std::byte const*>(memory);
  std::byte const* const behind = block + pages_[extent.first].bytes;
  std::byte const* const base = address_of_page(extent.first);
  std::byte const* const end = address_of_page(extent.first + extent.pages);
  auto const pattern = static_cast<unsigned>(pattern_of(extent.first));
  std::byte const* bad = nullptr;
  int bad_bits = 0;
  for (std::byte const* at = base; at < end; ++at) {
    if (at == block) at = behind;
    if (at == end) break;
    unsigned const difference = static_cast<unsigned>(*at) ^ pattern;
    if (difference == 0) continue;
    if (bad == nullptr) bad = at;
    bad_bits += __builtin_popcount(difference);
  }
  if (bad == nullptr) return;
  ULONG_PTR const violation = bad_bits == 1 ? 0x32 : bad < block ? 0x23 : 0x24;
  ke::bugcheck(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, ke::as_parameter(memory),
               ke::as_parameter(bad), 0, violation);
}

void SpecialPool::release(void* memory) noexcept {
  std::size_t const first = page_of(ke::as_parameter(memory));
  Extent const extent{first, pages_for(pages_[first].bytes)};
  set_states(extent, State::freed, State::freed);
  std::byte* const base = address_of_page(first);
  space_->depopulate(base, extent.pages);
  give_back(extent);
  frees_.fetch_add(1, std::memory_order_relaxed);
}

ULONG SpecialPool::fault_code(std::uintptr_t address) const noexcept {
  if (!contains(reinterpret_cast<void const*>(address))) return 0;
  std::size_t const page = page_of(address);
  auto const is_live = [&](std::size_t other) {
    return other < count_ && (state_of(other) == State::first || state_of(other) == State::rest);
  };
  if (state_of(page) == State::freed) return PAGE_FAULT_IN_FREED_SPECIAL_POOL;
  if ((page != 0 && is_live(page - 1)) || is_live(page + 1))
    return PAGE_FAULT_BEYOND_END_OF_ALLOCATION;
  return page != 0 && state_of(page - 1) == State::freed ? PAGE_FAULT_IN_FREED_SPECIAL_POOL : 0;
}

SpecialPool::Usage SpecialPool::usage() const noexcept {
  return {allocations_.load(std::memory_order_relaxed), frees_.load(std::memory_order_relaxed),
          refused_.load(std::memory_order_relaxed)};
}

}  // namespace mica::mm
