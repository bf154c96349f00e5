#include "mm/state.hpp"

namespace mica::mm {
namespace {

// See watch.cpp.
__attribute__((no_sanitize("thread"))) bool is_watched(PageEntry const& entry) noexcept {
  return const_cast<PageEntry const volatile&>(entry).watched;
}

}  // namespace

bool initialize(State& state) noexcept {
  state.pages.initialize(Machine::physical_memory());
  if (!state.space.initialize(Machine::system_space(), state.pages)) return false;
  state.stacks.initialize(state.space, Machine::stack_size, 32);
  state.large_stacks.initialize(state.space, large_stack_bytes, 4);
  ULONG const processors = Machine::processor_count();
  for (PoolKind const kind : {PoolKind::nonpaged, PoolKind::paged}) {
    Pool& pool = state.pools[static_cast<unsigned>(kind)];
    if (!pool.initialize(kind, state.pages, processors)) return false;
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
    ke::bugcheck(BAD_POOL_CALLER, 0x46, ke::as_parameter(memory));
  if (is_watched(*entry)) [[unlikely]]
    show_before_free(memory, *entry);
  mm.pools[entry->pool].free(memory, *entry, tag);
}

void trim_pools() noexcept {
  ke::RaiseToDispatch raised;
  for (Pool& pool : state().pools) pool.trim(Machine::processor_number());
}

PageNumber table_page() noexcept {
  return state().pages.allocate(1, PageUse::kernel, Fill::zero);
}

}  // namespace mica::mm
