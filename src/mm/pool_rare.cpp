// The pool's less frequent ways: setting up, whole pages, cache lines, trimming, and judging a bad
// free.
#include <algorithm>

#include "ke/verifier.hpp"
#include "mm/poison.hpp"
#include "mm/state.hpp"

namespace mica::mm {
namespace {

constexpr std::size_t line = 64;  // of a cache

}  // namespace

bool Pool::initialize(PoolKind kind, Physical& pages, SpecialPool& special,
                      ULONG processors) noexcept {
  constexpr std::size_t cache_pages = (sizeof(PoolCache) + page_size - 1) >> page_shift;
  pages_ = &pages;
  special_ = &special;
  look_at_all(false);
  kind_ = kind;
  highest_ = kind == PoolKind::nonpaged ? DISPATCH_LEVEL : APC_LEVEL;
  for (processors_ = 0; processors_ < processors; ++processors_) {
    PageNumber const page = pages.allocate(cache_pages, PageUse::kernel, Fill::zero);
    if (page == no_page) return false;
    auto* const cache = static_cast<PoolCache*>(direct(page));
    for (unsigned i = 0; i < class_count; ++i) {
      unsigned const units = class_units(i);
      cache->magazines[i].capacity = units <= 32 ? 32 : units <= fine_units ? 16 : 8;
    }
    caches_[processors_] = cache;
  }
  return true;
}

void* Pool::allocate_line(std::size_t bytes, ULONG tag, Placement placement) noexcept {
  judge_size(bytes);
  void* memory;
  if (!special_->chooses(tag) || !allocate_special(bytes, tag, line, placement, memory))
    memory = allocate_usual_line(bytes, tag);
  show_allocated(memory, bytes, tag);
  return memory;
}

void* Pool::allocate_usual_line(std::size_t bytes, ULONG tag) noexcept {
  unsigned const units = std::max(units_for(std::min(bytes, page_size)), smallest_units);
  if (units + Heap::line_units > largest_units) return allocate_pages(bytes, tag);
  if (Machine::irql() > highest_) reject(Violation::allocated, bytes);
  if (Machine::memory_is_short()) return nullptr;
  ke::RaiseToDispatch raised;
  BlockHeader* block;
  {
    ke::SpinGuardAtDispatch<ke::Rank::pool> guard{lock_};
    block = heap_.allocate(units, Alignment::cache_line);
  }
  if (block == nullptr) block = fresh(units, Alignment::cache_line);
  if (block == nullptr) return nullptr;
  here().tags.slot(tag).count_allocation(bytes);
  return issue(block, bytes, tag);
}

void* Pool::allocate_pages(std::size_t bytes, ULONG tag) noexcept {
  if (Machine::irql() > highest_) reject(Violation::allocated, bytes);
  if (Machine::memory_is_short()) return nullptr;
  std::size_t const pages = (bytes >> page_shift) + ((bytes & (page_size - 1)) != 0);
  PageNumber const first = pages_->allocate(pages, PageUse::pool_large, Fill::none);
  if (first == no_page) return nullptr;
  auto* const memory = static_cast<std::byte*>(direct(first));
  PageEntry& entry = *pages_->entry_at(memory);
  entry.pool = static_cast<std::uint8_t>(kind_);
  entry.tag = tag;
  entry.bytes = bytes;
  poison(memory + bytes, (pages << page_shift) - bytes);
  ke::RaiseToDispatch raised;
  here().tags.slot(tag).count_allocation(bytes);
  return memory;
}

void Pool::free_pages(void* memory, PageEntry& entry, ULONG tag) noexcept {
  if (Machine::irql() > highest_) reject(Violation::freed, ke::as_parameter(memory));
  if (tag != entry.tag && tag != 0) reject_tag(memory, entry.tag, tag);
  std::size_t const bytes = entry.bytes;
  {
    ke::RaiseToDispatch raised;
    here().tags.slot(entry.tag).count_free(bytes);
  }
  pages_->release(pages_->page_at(memory), (bytes + page_size - 1) >> page_shift);
}

bool Pool::allocate_special(std::size_t bytes, ULONG tag, std::size_t alignment,
                            Placement placement, void*& memory) noexcept {
  KIRQL const irql = Machine::irql();
  if (irql > highest_) {
    ke::bugcheck(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, irql, static_cast<ULONG_PTR>(kind_),
                 bytes, 0x30);
  }
  memory = nullptr;
  if (Machine::memory_is_short()) return true;
  memory = special_->allocate({kind_, bytes, tag, alignment, placement});
  if (memory == nullptr) return false;
  ke::RaiseToDispatch raised;
  here().tags.slot(tag).count_allocation(bytes);
  return true;
}

void Pool::free_special(void* memory, SpecialPool::Block const& block) noexcept {
  {
    ke::RaiseToDispatch raised;
    here().tags.slot(block.tag).count_free(block.bytes);
  }
  special_->release(memory);
}

void Pool::trim(ULONG processor) noexcept {
  for (Magazine& magazine : caches_[processor]->magazines) drain(magazine, 0);
}

std::size_t Pool::block_pages() noexcept {
  ke::SpinGuard<ke::Rank::pool> guard{lock_};
  return heap_.pages();
}

void Pool::reject(Violation violation, ULONG_PTR what) const noexcept {
  ke::bugcheck(BAD_POOL_CALLER, static_cast<ULONG_PTR>(violation), Machine::irql(),
               static_cast<ULONG_PTR>(kind_), what);
}

void Pool::judge_size(std::size_t bytes) const noexcept {
  if (bytes == 0 && ke::state().verified)
    ke::violation(ke::Rule::allocate_nothing, Machine::irql(), static_cast<ULONG_PTR>(kind_));
}

void Pool::show_allocated(void const* memory, std::size_t bytes, ULONG tag) const noexcept {
  if (memory != nullptr && ke::state().verified) state().allocated(memory, bytes, tag);
}

void Pool::reject_tag(void* memory, ULONG owner, ULONG tag) const noexcept {
  ke::bugcheck(BAD_POOL_CALLER, 0x0A, ke::as_parameter(memory), owner, tag);
}

// A block that is free was written to: its header is not what it was.
MICA_TOUCHES_POISON void Pool::reject_magazine(BlockHeader* block, KIRQL old) const noexcept {
  Machine::lower(old);
  ke::bugcheck(BAD_POOL_HEADER, 0x03, ke::as_parameter(block), block->seal, block->seal);
}

// The header does not match its seal: freed before, written over, or never a block at all.
MICA_TOUCHES_POISON void Pool::judge(BlockHeader* block) noexcept {
  // What was written over need be no truth value.
  unsigned const listed = *reinterpret_cast<unsigned char const*>(&block->listed);
  std::uint64_t const contents = std::uint64_t{block->tag} << 32 |
                                 std::uint32_t{block->slack} << 24 | listed << 16 |
                                 block->units << 8 | block->previous;
  bool begins;
  {
    ke::SpinGuard<ke::Rank::pool> guard{lock_};
    begins = begins_a_block(block);
  }
  if (block->slack == BlockHeader::freed && (begins || block->listed)) {
    ke::bugcheck(BAD_POOL_CALLER, 0x07, 0, contents, ke::as_parameter(block->memory()));
  }
  if (begins) {
    ke::bugcheck(BAD_POOL_HEADER, 0x20, ke::as_parameter(block),
                 ke::as_parameter(block + block->units));
  }
  ke::bugcheck(BAD_POOL_CALLER, 0x99, ke::as_parameter(block->memory()));
}

}  // namespace mica::mm
