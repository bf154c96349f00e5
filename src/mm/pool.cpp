// The way that nearly every allocation takes: this processor's magazine.
#include "mm/pool.hpp"

#include "mm/poison.hpp"

namespace mica::mm {

// Also says what a caller at too high a level did: 0x08 allocated, 0x09 freed.
inline void Pool::require_level(ULONG_PTR violation, ULONG_PTR what) const noexcept {
  KIRQL const level = Machine::irql();
  if (level > highest_) [[unlikely]] {
    ke::bugcheck(BAD_POOL_CALLER, violation, level, static_cast<ULONG_PTR>(kind_), what);
  }
}

MICA_TOUCHES_POISON inline void Pool::keep(PoolCache& cache, BlockHeader* block) noexcept {
  Magazine& magazine = cache.magazines[class_of(block->units)];
  if (magazine.count >= magazine.capacity) [[unlikely]] drain(magazine, magazine.capacity / 2);
  block->slack = BlockHeader::freed;
  block->seal = reinterpret_cast<std::uintptr_t>(magazine.head);
  magazine.head = block;
  ++magazine.count;
}

MICA_TOUCHES_POISON void* Pool::allocate(std::size_t bytes, ULONG tag) noexcept {
  require_level(0x08, bytes);
  if (bytes > largest_block) [[unlikely]] return allocate_pages(bytes, tag);
  unsigned const size_class = class_holding(units_for(bytes));

  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  PoolCache& cache = here();
  Magazine& magazine = cache.magazines[size_class];
  BlockHeader* block = magazine.head;
  if (block != nullptr) [[likely]] {
    if (block->slack != BlockHeader::freed || class_of(block->units) != size_class) [[unlikely]] {
      Machine::lower(old);
      ke::bugcheck(BAD_POOL_HEADER, 0x03, ke::as_parameter(block), block->seal, block->seal);
    }
    magazine.head = reinterpret_cast<BlockHeader*>(block->seal);
    --magazine.count;
  } else {
    block = refill(cache, class_units(size_class));
    if (block == nullptr) {
      Machine::lower(old);
      return nullptr;
    }
  }
  cache.tags.slot(tag).count_allocation(bytes);
  void* const memory = issue(block, bytes, tag);
  Machine::lower(old);
  return memory;
}

MICA_TOUCHES_POISON void Pool::free(void* memory, PageEntry& entry, ULONG tag) noexcept {
  require_level(0x09, ke::as_parameter(memory));
  if (entry.use != PageUse::pool_blocks) [[unlikely]] return free_pages(memory, entry, tag);

  BlockHeader* const block = static_cast<BlockHeader*>(memory) - 1;
  std::uint32_t const owner = block->tag;
  if (block->seal != seal_of(block, block->units, block->slack, owner)) [[unlikely]] judge(block);
  if (tag != owner && tag != 0) [[unlikely]] {
    ke::bugcheck(BAD_POOL_CALLER, 0x0A, ke::as_parameter(memory), owner, tag);
  }
  std::size_t const capacity = block->capacity();
  std::size_t const bytes = capacity - block->slack;
  poison(memory, capacity);

  KIRQL const old = Machine::raise(DISPATCH_LEVEL);
  PoolCache& cache = here();
  cache.tags.slot(owner).count_free(bytes);
  keep(cache, block);
  Machine::lower(old);
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

  void* empty = nullptr;   // pages to give back, linked through their first word
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
