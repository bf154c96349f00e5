#include "mm/state.hpp"

#include <algorithm>

namespace mica::mm {
namespace {

// See watch.cpp.
__attribute__((no_sanitize("thread"))) bool is_watched(PageEntry const& entry) noexcept {
  return const_cast<PageEntry const volatile&>(entry).watched != 0;
}

// No address of the pages that the pool has: a block of special pool, or no block at all.
[[gnu::noinline]] void NTAPI free_elsewhere(State& mm, void* memory, ULONG tag) noexcept {
  if (!mm.special.contains(memory)) ke::bugcheck(BAD_POOL_CALLER, 0x46, ke::as_parameter(memory));
  SpecialPool::Block const block = mm.special.judge(memory, tag, Machine::irql());
  mm.freeing({memory, block.bytes, block.kind, true, true});
  mm.pools[static_cast<unsigned>(block.kind)].free_special(memory, block);
}

[[nodiscard]] PVOID lowest_address() noexcept {
  void* lowest = Machine::system_space().base;
  for (hal::PageRange const& range : Machine::physical_memory())
    lowest = std::min(lowest, direct(range.first));
  return lowest;
}

}  // namespace

bool initialize(State& state) noexcept {
  state.pages.initialize(Machine::physical_memory());
  if (!state.space.initialize(Machine::system_space(), state.pages)) return false;
  state.system_range_start = lowest_address();
  state.stacks.initialize(state.space, Machine::stack_size, 32);
  state.large_stacks.initialize(state.space, large_stack_bytes, 4);
  state.special.initialize(state.space, state.pages);
  ULONG const processors = Machine::processor_count();
  for (PoolKind const kind : {PoolKind::nonpaged, PoolKind::paged}) {
    Pool& pool = state.pools[static_cast<unsigned>(kind)];
    if (!pool.initialize(kind, state.pages, state.special, processors)) return false;
  }
  return true;
}

void free_pool(void* memory, ULONG tag) noexcept {
  State& mm = state();
  PageEntry* const entry = mm.pages.entry_at(memory);
  std::uintptr_t const offset = reinterpret_cast<std::uintptr_t>(memory) & (page_size - 1);
  // Blocks of their own pages begin a page; smaller ones never do, because their header stands
  // before them.
  bool const plausible =
      entry != nullptr &&
      (entry->use == PageUse::pool_blocks ? offset != 0 && offset % unit == 0
                                          : entry->use == PageUse::pool_large && offset == 0);
  if (!plausible) [[unlikely]]
    return free_elsewhere(mm, memory, tag);
  if (is_watched(*entry)) [[unlikely]]
    show_before_free(memory, *entry);
  mm.pools[entry->pool].free(memory, *entry, tag);
}

bool choose_special_pool(State& state, SpecialChoice const& choice) noexcept {
  if (!state.special.choose(choice)) return false;
  choose_rare_requests(state);
  return true;
}

void choose_rare_requests(State& state) noexcept {
  bool const all = state.special.chosen().any() || ke::state().verified;
  for (Pool& pool : state.pools) pool.look_at_all(all);
}

ULONG fault_code(std::uintptr_t address) noexcept {
  return state().special.fault_code(address);
}

void trim_pools() noexcept {
  ke::RaiseToDispatch raised;
  for (Pool& pool : state().pools) pool.trim(Machine::processor_number());
}

PageNumber table_page() noexcept {
  return state().pages.allocate(1, PageUse::kernel, Fill::zero);
}

}  // namespace mica::mm
