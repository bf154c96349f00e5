// The way that nearly every allocation takes: this processor's magazine.
#include "mm/pool.hpp"

#include "mm/poison.hpp"

namespace mica::mm {

// Puts a freed block on top of its magazine, which has room.
MICA_TOUCHES_POISON static inline void push(PoolCache::Magazine& magazine,
                                            BlockHeader* block) noexcept {
  block->slack = BlockHeader::freed;
  block->seal = reinterpret_cast<std::uintptr_t>(magazine.head);
  magazine.head = block;
  ++magazine.count;
}

// A block that is smaller than a page.
[[gnu::always_inline]] MICA_TOUCHES_POISON inline void* Pool::allocate_usually(std::size_t bytes,
                                                                               ULONG tag) noexcept {
  KIRQL const old = Machine::irql();
  if (old > highest_) [[unlikely]]
    reject(Violation::allocated, bytes);
  if (Machine::memory_is_short()) return nullptr;
  unsigned const size_class = class_holding(units_for(bytes));

  Machine::raise(DISPATCH_LEVEL);
  PoolCache& cache = here();
  Magazine& magazine = cache.magazines[size_class];
  BlockHeader* const block = magazine.head;
  TagSlot* const slot = cache.tags.find(tag);
  if (block == nullptr || slot == nullptr) [[unlikely]]
    return allocate_slowly(bytes, tag, old);
  if (block->slack != BlockHeader::freed || class_of(block->units) != size_class) [[unlikely]] {
    reject_magazine(block, old);
  }
  magazine.head = reinterpret_cast<BlockHeader*>(block->seal);
  --magazine.count;
  slot->count_allocation(bytes);
  void* const memory = issue(block, bytes, tag);
  Machine::lower(old);
  return memory;
}

// Whatever is not usual is left to a tail call, so that the usual way saves no registers.
MICA_TOUCHES_POISON void* Pool::allocate(std::size_t bytes, ULONG tag) noexcept {
  if (bytes >= rare_from_.load(std::memory_order_relaxed)) [[unlikely]]
    return allocate_rarely(bytes, tag, Placement::usual);
  return allocate_usually(bytes, tag);
}

void* Pool::allocate_placed(std::size_t bytes, ULONG tag, Placement placement) noexcept {
  return allocate_rarely(bytes, tag, placement);
}

MICA_TOUCHES_POISON void* Pool::allocate_rarely(std::size_t bytes, ULONG tag,
                                                Placement placement) noexcept {
  judge_size(bytes);
  void* memory;
  if (!special_->chooses(tag) || !allocate_special(bytes, tag, unit, placement, memory))
    memory = bytes > largest_block ? allocate_pages(bytes, tag) : allocate_usually(bytes, tag);
  show_allocated(memory, bytes, tag);
  return memory;
}

// The magazine is empty, or the tag is new. Entered at DISPATCH_LEVEL, leaves at `old`.
MICA_TOUCHES_POISON void* Pool::allocate_slowly(std::size_t bytes, ULONG tag, KIRQL old) noexcept {
  PoolCache& cache = here();
  BlockHeader* const block = refill(cache, class_units(class_holding(units_for(bytes))));
  void* memory = nullptr;
  if (block != nullptr) {
    cache.tags.slot(tag).count_allocation(bytes);
    memory = issue(block, bytes, tag);
  }
  Machine::lower(old);
  return memory;
}

MICA_TOUCHES_POISON void Pool::free(void* memory, PageEntry& entry, ULONG tag) noexcept {
  if (entry.use != PageUse::pool_blocks) [[unlikely]]
    return free_pages(memory, entry, tag);
  KIRQL const old = Machine::irql();
  if (old > highest_) [[unlikely]]
    reject(Violation::freed, ke::as_parameter(memory));
  BlockHeader* const block = static_cast<BlockHeader*>(memory) - 1;
  std::uint32_t const owner = block->tag;
  if (block->seal != seal_of(block, block->units, block->slack, owner)) [[unlikely]]
    judge(block);
  if (tag != owner && tag != 0) [[unlikely]]
    reject_tag(memory, owner, tag);
  std::size_t const capacity = block->capacity();
  std::size_t const bytes = capacity - block->slack;
  poison(memory, capacity);

  Machine::raise(DISPATCH_LEVEL);
  PoolCache& cache = here();
  Magazine& magazine = cache.magazines[class_of(block->units)];
  TagSlot* const slot = cache.tags.find(owner);
  if (magazine.count >= magazine.capacity || slot == nullptr) [[unlikely]]
    return free_slowly(block, bytes, old);
  slot->count_free(bytes);
  push(magazine, block);
  Machine::lower(old);
}

// The magazine is full, or the tag is new to this processor. Entered at DISPATCH_LEVEL, leaves at
// `old`.
MICA_TOUCHES_POISON void Pool::free_slowly(BlockHeader* block, std::size_t bytes,
                                           KIRQL old) noexcept {
  PoolCache& cache = here();
  cache.tags.slot(block->tag).count_free(bytes);
  keep(cache, block);
  Machine::lower(old);
}

MICA_TOUCHES_POISON void Pool::keep(PoolCache& cache, BlockHeader* block) noexcept {
  Magazine& magazine = cache.magazines[class_of(block->units)];
  if (magazine.count >= magazine.capacity) drain(magazine, magazine.capacity / 2);
  push(magazine, block);
}

// From the heap, a few at once if they are small; or from a new page. At DISPATCH_LEVEL.
MICA_TOUCHES_POISON BlockHeader* Pool::refill(PoolCache& cache, unsigned units) noexcept {
  constexpr unsigned batch = 8;
  constexpr unsigned batch_units = 32;
  BlockHeader* blocks[batch];
  unsigned count = 0;
  {
    ke::SpinGuardAtDispatch<ke::Rank::pool> guard{lock_};
    unsigned const wanted = units <= batch_units ? batch : 1;
    while (count < wanted) {
      blocks[count] = heap_.allocate(units, Alignment::unit);
      if (blocks[count] == nullptr) break;
      ++count;
    }
  }
  if (count == 0) return fresh(units, Alignment::unit);
  while (count > 1) keep(cache, blocks[--count]);
  return blocks[0];
}

// From a new page; when there is none, from what this processor kept. At DISPATCH_LEVEL.
BlockHeader* Pool::fresh(unsigned units, Alignment alignment) noexcept {
  PageNumber const page = pages_->allocate(1, PageUse::pool_blocks, Fill::none);
  if (page == no_page) {
    trim(Machine::processor_number());
    ke::SpinGuardAtDispatch<ke::Rank::pool> guard{lock_};
    return heap_.allocate(units, alignment);
  }
  void* const memory = direct(page);
  pages_->entry_at(memory)->pool = static_cast<std::uint8_t>(kind_);
  poison(memory, page_size);
  ke::SpinGuardAtDispatch<ke::Rank::pool> guard{lock_};
  return heap_.allocate_from(memory, units, alignment);
}

// Keeps the `kept` blocks freed last, gives the others to the heap. At DISPATCH_LEVEL.
MICA_TOUCHES_POISON void Pool::drain(Magazine& magazine, unsigned kept) noexcept {
  BlockHeader* block = magazine.head;
  BlockHeader* last = nullptr;
  for (unsigned i = 0; i < kept && block != nullptr; ++i) {
    last = block;
    block = reinterpret_cast<BlockHeader*>(block->seal);
  }
  if (block == nullptr) return;
  if (last != nullptr) {
    last->seal = 0;
  } else {
    magazine.head = nullptr;
  }
  magazine.count = static_cast<std::uint16_t>(kept);

  void* empty = nullptr;  // pages to give back, linked through their first word
  Heap::Released released{};
  {
    ke::SpinGuardAtDispatch<ke::Rank::pool> guard{lock_};
    while (block != nullptr && released.contradicting == nullptr) {
      auto* const next = reinterpret_cast<BlockHeader*>(block->seal);
      released = heap_.release(block);
      if (released.page != nullptr) {
        *static_cast<void**>(released.page) = empty;
        empty = released.page;
      }
      if (released.contradicting == nullptr) block = next;
    }
  }
  if (released.contradicting != nullptr) {
    ke::bugcheck(BAD_POOL_HEADER, 0x05, ke::as_parameter(block), 0,
                 ke::as_parameter(released.contradicting));
  }
  while (empty != nullptr) {
    void* const page = empty;
    empty = *static_cast<void**>(page);
    pages_->release(pages_->page_at(page), 1);
  }
}

}  // namespace mica::mm
