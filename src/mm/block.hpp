// A pool block smaller than a page: its header, its sizes and its size classes.
//
// Rules
//   Blocks lie in a pool page without a gap, each behind its header, in units of 16 bytes. A block
//   is live (its owner's), cached (on a processor's magazine) or listed (in the heap's free lists).
//   `previous`, `units` and `listed` change under the heap's lock, and `units` only while the block
//   is listed; the rest is whoever's the block is. They are separate bytes for that reason:
//   neighbours write them at the same time.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/types.hpp"
#include "mm/poison.hpp"

namespace mica::mm {

inline constexpr unsigned unit_shift = 4;
inline constexpr std::size_t unit = std::size_t{1} << unit_shift;
inline constexpr unsigned page_units = page_size / unit;

struct BlockHeader {
  static constexpr std::uint8_t freed = 0xFF;

  std::uint8_t previous;  // units of the block before it in the page; 0: it is the first
  std::uint8_t units;     // its own, header included
  bool listed;
  std::uint8_t slack;  // live: bytes at its end that were not asked for; else `freed`
  std::uint32_t tag;
  std::uint64_t seal;  // live: seal_of(); cached: the next block of the magazine

  [[nodiscard]] void* memory() noexcept { return this + 1; }
  [[nodiscard]] MICA_TOUCHES_POISON std::size_t capacity() const noexcept {
    return (std::size_t{units} << unit_shift) - unit;
  }
};
static_assert(sizeof(BlockHeader) == unit);

// What a live header is sealed with: a header that was written over does not match it, nor does any
// other address.
[[nodiscard]] inline std::uint64_t seal_of(BlockHeader const* block, std::uint8_t units,
                                           std::uint8_t slack, std::uint32_t tag) noexcept {
  constexpr std::uint64_t salt = 0x9E37'79B9'7F4A'7C15;
  return salt ^ reinterpret_cast<std::uintptr_t>(block) ^ (std::uint64_t{tag} << 32) ^
         (std::uint64_t{units} << 8 | slack);
}

// A freed block becomes live: its owner's `bytes` and no more.
[[nodiscard]] MICA_TOUCHES_POISON inline void* issue(BlockHeader* block, std::size_t bytes,
                                                     std::uint32_t tag) noexcept {
  auto const slack = static_cast<std::uint8_t>(block->capacity() - bytes);
  block->slack = slack;
  block->tag = tag;
  block->seal = seal_of(block, block->units, slack, tag);
  unpoison(block->memory(), bytes);
  return block->memory();
}

// Classes: every 16 bytes up to 1024, header included, then every 64. The last one leaves a useful
// remainder in its page; what is larger gets pages of its own.
inline constexpr unsigned fine_units = 64;
inline constexpr unsigned coarse_units = 4;
inline constexpr unsigned smallest_units = 2;
inline constexpr unsigned largest_units = 252;
inline constexpr unsigned class_count =
    fine_units + (largest_units - fine_units) / coarse_units + 1;
inline constexpr std::size_t largest_block = largest_units * unit - sizeof(BlockHeader);

[[nodiscard]] constexpr unsigned units_for(std::size_t bytes) noexcept {
  unsigned const units =
      static_cast<unsigned>((bytes + sizeof(BlockHeader) + unit - 1) >> unit_shift);
  return units < smallest_units ? smallest_units : units;
}
// The class whose every block holds `units`...
[[nodiscard]] constexpr unsigned class_holding(unsigned units) noexcept {
  return units <= fine_units ? units
                             : fine_units + (units - fine_units + coarse_units - 1) / coarse_units;
}
// ...and the one that a block of `units` belongs to.
[[nodiscard]] constexpr unsigned class_of(unsigned units) noexcept {
  return units <= fine_units ? units : fine_units + (units - fine_units) / coarse_units;
}
[[nodiscard]] constexpr unsigned class_units(unsigned size_class) noexcept {
  return size_class <= fine_units ? size_class
                                  : fine_units + (size_class - fine_units) * coarse_units;
}
static_assert(class_units(class_holding(largest_units)) == largest_units);
static_assert(class_of(largest_units) == class_count - 1);
static_assert(page_units - largest_units >= smallest_units);
// The most slack a block can have: its class's rounding, and what was too small to be cut off.
// Never `freed`.
static_assert(unit + 2 * coarse_units * unit + smallest_units * unit < BlockHeader::freed);

}  // namespace mica::mm
