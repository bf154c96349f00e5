#include "mm/heap.hpp"

#include <bit>

#include "mm/poison.hpp"

namespace mica::mm {

// Where a listed block's memory was.
struct Heap::Links {
  BlockHeader* next;
  BlockHeader* before;
};

namespace {

[[nodiscard]] bool ends_page(BlockHeader const* end) noexcept {
  return (reinterpret_cast<std::uintptr_t>(end) & (page_size - 1)) == 0;
}

// Unless the block is its page's last, the one after it learns its size.
MICA_TOUCHES_POISON void tell_next(BlockHeader* block, unsigned units) noexcept {
  if (!ends_page(block + units)) block[units].previous = static_cast<std::uint8_t>(units);
}

}  // namespace

MICA_TOUCHES_POISON void Heap::list(BlockHeader* block, unsigned units) noexcept {
  block->units = static_cast<std::uint8_t>(units);
  block->listed = true;
  block->slack = BlockHeader::freed;
  tell_next(block, units);
  auto& links = *static_cast<Links*>(block->memory());
  links = {.next = lists_[units], .before = nullptr};
  if (links.next != nullptr) static_cast<Links*>(links.next->memory())->before = block;
  lists_[units] = block;
  nonempty_[units / 64] |= std::uint64_t{1} << (units % 64);
}

// `listed` and `slack` stay as they are until the block is used: freeing what was joined to its
// neighbour is noticed.
MICA_TOUCHES_POISON void Heap::unlist(BlockHeader* block) noexcept {
  unsigned const units = block->units;
  auto const [next, before] = *static_cast<Links*>(block->memory());
  if (next != nullptr) static_cast<Links*>(next->memory())->before = before;
  if (before != nullptr) {
    static_cast<Links*>(before->memory())->next = next;
  } else {
    lists_[units] = next;
    if (next == nullptr) nonempty_[units / 64] &= ~(std::uint64_t{1} << (units % 64));
  }
}

// `block` and the `total` units from it on are in no list: uses the end of them, lists the rest.
MICA_TOUCHES_POISON BlockHeader* Heap::carve(BlockHeader* block, unsigned total, unsigned units,
                                             Alignment alignment) noexcept {
  unsigned before = total - units;
  if (alignment == Alignment::cache_line) {
    // The header is the last unit before a line; one unit is too small to be a block.
    before = (3 - (reinterpret_cast<std::uintptr_t>(block) >> unit_shift)) & 3;
    if (before == 1) before = line_units;
  }
  if (before >= smallest_units) {
    list(block, before);
    block += before;
    total -= before;
  }
  if (total - units >= smallest_units) {
    list(block + units, total - units);
  } else {
    units = total;
  }
  tell_next(block, units);
  block->units = static_cast<std::uint8_t>(units);
  block->listed = false;
  return block;
}

MICA_TOUCHES_POISON BlockHeader* Heap::allocate(unsigned units, Alignment alignment) noexcept {
  unsigned const least = alignment == Alignment::unit ? units : units + line_units;
  unsigned word = least / 64;
  std::uint64_t candidates = nonempty_[word] & ~std::uint64_t{0} << (least % 64);
  while (candidates == 0) {
    if (++word == page_units / 64) return nullptr;
    candidates = nonempty_[word];
  }
  unsigned const found = word * 64 + static_cast<unsigned>(std::countr_zero(candidates));
  BlockHeader* const block = lists_[found];
  unlist(block);
  return carve(block, found, units, alignment);
}

MICA_TOUCHES_POISON BlockHeader* Heap::allocate_from(void* page, unsigned units,
                                                     Alignment alignment) noexcept {
  ++pages_;
  auto* const first = static_cast<BlockHeader*>(page);
  first->previous = 0;
  return carve(first, page_units, units, alignment);
}

MICA_TOUCHES_POISON Heap::Released Heap::release(BlockHeader* block) noexcept {
  unsigned total = block->units;
  BlockHeader* const next = ends_page(block + total) ? nullptr : block + total;
  BlockHeader* const before = block->previous != 0 ? block - block->previous : nullptr;
  if (next != nullptr && next->previous != block->units) return {nullptr, next};
  if (before != nullptr && before->units != block->previous) return {nullptr, before};

  block->listed = true;  // also if it is about to be joined: see unlist
  block->slack = BlockHeader::freed;
  if (next != nullptr && next->listed) {
    unlist(next);
    total += next->units;
  }
  if (before != nullptr && before->listed) {
    unlist(before);
    total += before->units;
    block = before;
  }
  if (total == page_units) {
    --pages_;
    return {block, nullptr};
  }
  list(block, total);
  return {nullptr, nullptr};
}

MICA_TOUCHES_POISON bool begins_a_block(BlockHeader const* block) noexcept {
  auto const address = reinterpret_cast<std::uintptr_t>(block);
  auto const* at = reinterpret_cast<BlockHeader const*>(address & ~(page_size - 1));
  while (at < block && at->units != 0) at += at->units;
  return at == block;
}

}  // namespace mica::mm
