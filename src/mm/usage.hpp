// What the pool is used for: the monitor's `pool` command, leak checks.
//
// Rules
//   IRQL <= DISPATCH_LEVEL; no lock but the pool's, for the number of pages. Counters are read
//   while others may count: exact when nobody else allocates or frees.
#pragma once

#include <span>

#include "mm/state.hpp"

namespace mica::mm {

struct TagUsage {
  ULONG tag;
  PoolKind kind;
  std::uint64_t allocations;
  std::uint64_t frees;
  std::uint64_t bytes;  // live, as requested
};

struct PoolUsage {
  std::uint64_t allocations;
  std::uint64_t frees;
  std::uint64_t bytes;      // live, as requested
  std::size_t block_pages;  // pages carved into blocks; larger blocks' pages are not among them
};

// One row per tag and pool that was ever used, as many as `rows` holds; returns how many there are.
[[nodiscard]] std::size_t NTAPI pool_usage(State& state, std::span<TagUsage> rows) noexcept;
[[nodiscard]] PoolUsage NTAPI pool_usage(State& state, PoolKind kind) noexcept;
[[nodiscard]] TagUsage NTAPI pool_usage(State& state, PoolKind kind, ULONG tag) noexcept;

// Which rows of `after` hold more blocks than in `before`: moved to the front of `after`; returns
// how many, their numbers being the difference.
[[nodiscard]] std::size_t NTAPI pool_growth(std::span<TagUsage const> before,
                                            std::span<TagUsage> after) noexcept;

}  // namespace mica::mm
