// The entries of page tables and the way to them.                     [SDM 3A, "4-Level Paging"]
#pragma once

#include <machine.hpp>

#include <atomic>
#include <cstdint>

namespace mica::hal_x64 {

inline constexpr std::uint64_t entry_present = 1;
inline constexpr std::uint64_t entry_writable = 2;
inline constexpr std::uint64_t entry_uncached = 0x18;  // PWT, PCD
inline constexpr std::uint64_t entry_large = 0x80;
inline constexpr std::uint64_t entry_no_execute = std::uint64_t{1} << 63;
inline constexpr std::uint64_t entry_address = 0x000ffffffffff000;

inline constexpr std::uint64_t entries_per_table = 512;

// Where a tree's tables are reached, and where new ones come from.
struct TableSource {
  std::uint64_t window;           // added to a physical address
  PageNumber (*page)() noexcept;  // a zeroed page or no_page
  void (*unused)(
      PageNumber page) noexcept;  // of `page`, still zeroed: another processor was faster
};

// Bits for a protection; no_access is not present.
[[nodiscard]] std::uint64_t bits_of(hal::Protection protection) noexcept;

// The entry for `address` at `level` (1: a page, 2: 2 MiB) of the tree at `root`, or null when a
// table on the way is missing and `source.page` is null or gave none. Several processors may call
// it.
[[nodiscard]] std::uint64_t* find_entry(std::uint64_t root, std::uint64_t address, unsigned level,
                                        TableSource const& source) noexcept;

inline void store_entry(std::uint64_t* entry, std::uint64_t value) noexcept {
  std::atomic_ref{*entry}.store(value, std::memory_order_release);
}

}  // namespace mica::hal_x64
