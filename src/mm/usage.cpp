#include "mm/usage.hpp"

namespace mica::mm {

namespace {

// Calls visit(tag, slot) for each slot in use on each processor.
template <class Visit>
void each_slot(Pool const& pool, Visit visit) noexcept {
  for (ULONG processor = 0; processor < pool.processors(); ++processor) {
    for (TagSlot const& slot : pool.tags(processor).slots) {
      ULONG const tag = slot.tag.load(std::memory_order_relaxed);
      if (tag != 0) visit(tag, slot);
    }
  }
}

template <class Row>
void add(Row& row, TagSlot const& slot) noexcept {
  row.allocations += slot.allocations.load(std::memory_order_relaxed);
  row.frees += slot.frees.load(std::memory_order_relaxed);
  row.bytes += slot.bytes.load(std::memory_order_relaxed);
}

[[nodiscard]] TagUsage* find(std::span<TagUsage> rows, PoolKind kind, ULONG tag) noexcept {
  for (TagUsage& row : rows) {
    if (row.kind == kind && row.tag == tag) return &row;
  }
  return nullptr;
}

}  // namespace

std::size_t pool_usage(State& state, std::span<TagUsage> rows) noexcept {
  std::size_t count = 0;
  std::size_t unnamed = 0;  // tags that found no room
  for (PoolKind const kind : {PoolKind::nonpaged, PoolKind::paged}) {
    each_slot(state.pools[static_cast<unsigned>(kind)], [&](ULONG tag, TagSlot const& slot) {
      TagUsage* row = find(rows.first(count), kind, tag);
      if (row == nullptr) {
        if (count == rows.size()) {
          ++unnamed;
          return;
        }
        row = &rows[count++];
        *row = {.tag = tag, .kind = kind, .allocations = 0, .frees = 0, .bytes = 0};
      }
      add(*row, slot);
    });
  }
  return count + unnamed;
}

PoolUsage pool_usage(State& state, PoolKind kind) noexcept {
  Pool& pool = state.pools[static_cast<unsigned>(kind)];
  PoolUsage usage{};
  each_slot(pool, [&](ULONG, TagSlot const& slot) { add(usage, slot); });
  usage.block_pages = pool.block_pages();
  return usage;
}

TagUsage pool_usage(State& state, PoolKind kind, ULONG tag) noexcept {
  TagUsage usage{.tag = tag, .kind = kind, .allocations = 0, .frees = 0, .bytes = 0};
  each_slot(state.pools[static_cast<unsigned>(kind)], [&](ULONG owner, TagSlot const& slot) {
    if (owner == tag) add(usage, slot);
  });
  return usage;
}

std::size_t pool_growth(std::span<TagUsage const> before, std::span<TagUsage> after) noexcept {
  std::size_t grown = 0;
  for (TagUsage row : after) {
    for (TagUsage const& old : before) {
      if (old.tag != row.tag || old.kind != row.kind) continue;
      row.allocations -= old.allocations;
      row.frees -= old.frees;
      row.bytes -= old.bytes;
    }
    if (row.allocations > row.frees) after[grown++] = row;
  }
  return grown;
}

}  // namespace mica::mm
