// Pool pages in which something stands that must be gone before its block is freed.
//   Nothing orders a mark with the frees of other blocks of that page, and nothing must: for them
//   the answer is the same. The explorer need not hear of it.
#include <cstdint>

#include "mm/state.hpp"

namespace mica::mm {
namespace {

bool is_pool(PageUse use) noexcept {
  return use == PageUse::pool_blocks || use == PageUse::pool_large ||
         use == PageUse::pool_large_rest;
}

// What is asked for of a live block; 0 if it is none.
MICA_TOUCHES_POISON std::size_t block_bytes(void* memory, PageEntry const& entry) noexcept {
  if (entry.use == PageUse::pool_large) return entry.bytes;
  BlockHeader const* const block = static_cast<BlockHeader const*>(memory) - 1;
  bool const live = block->slack != BlockHeader::freed &&
                    block->seal == seal_of(block, block->units, block->slack, block->tag);
  return live ? block->capacity() - block->slack : 0;
}

// Each mark is a byte of its own, so none is lost to another that is stored meanwhile.
__attribute__((no_sanitize("thread"))) void mark(void const* object, bool PageEntry::*as) noexcept {
  PageEntry* entry = state().pages.entry_at(object);
  if (entry == nullptr || !is_pool(entry->use)) return;
  while (entry->use == PageUse::pool_large_rest) --entry;
  static_cast<PageEntry volatile*>(entry)->*as = true;
}

}  // namespace

void NTAPI watch(void const* object) noexcept {
  mark(object, &PageEntry::watched_objects);
}

void NTAPI watch_timer(void const* timer) noexcept {
  mark(timer, &PageEntry::watched_timers);
}

__attribute__((no_sanitize("thread"))) void NTAPI show_before_free(
    void* memory, PageEntry const& entry) noexcept {
  if (Machine::irql() > DISPATCH_LEVEL) return;  // it will not be freed
  std::size_t const bytes = block_bytes(memory, entry);
  if (bytes == 0) return;
  auto const& seen = const_cast<PageEntry const volatile&>(entry);
  state().freeing({memory, bytes, static_cast<PoolKind>(entry.pool), seen.watched_objects,
                   seen.watched_timers});
}

}  // namespace mica::mm
