// Blocks cut from pool pages: best fit by size, neighbours joined when they are freed, empty pages
// handed back.
//
// Rules
//   No lock of its own: mm::Pool holds the pool's around every member. A zero-filled Heap is empty.
//   Every operation takes bounded time: one list per size, one bit per list, boundary tags.
#pragma once

#include <nt/ntdef.h>

#include <cstdint>

#include "mm/block.hpp"

namespace mica::mm {

enum class Alignment : std::uint8_t { unit, cache_line };

class Heap {
 public:
  // A block of `units` or one more; nullptr if no listed one is as large. `units` <= largest_units,
  // less line_units for a block whose memory begins a cache line.
  [[nodiscard]] BlockHeader* NTAPI allocate(unsigned units, Alignment alignment) noexcept;
  // The same, from a page that becomes the heap's.
  [[nodiscard]] BlockHeader* NTAPI allocate_from(void* page, unsigned units,
                                                 Alignment alignment) noexcept;

  struct Released {
    void* page;  // now empty, and the caller's again; or nullptr
    BlockHeader*
        contradicting;  // the neighbour whose header disagrees: nothing was done; or nullptr
  };
  [[nodiscard]] Released NTAPI release(BlockHeader* block) noexcept;

  [[nodiscard]] std::size_t pages() const noexcept { return pages_; }

  static constexpr unsigned line_units = 5;  // the most that aligning to a line costs

 private:
  struct Links;

  [[nodiscard]] BlockHeader* NTAPI carve(BlockHeader* block, unsigned total, unsigned units,
                                         Alignment alignment) noexcept;
  void NTAPI list(BlockHeader* block, unsigned units) noexcept;
  void NTAPI unlist(BlockHeader* block) noexcept;

  BlockHeader* lists_[page_units];
  std::uint64_t nonempty_[page_units / 64];  // bit per list
  std::size_t pages_;
};

// Whether following the sizes from its page's first block leads to `block`: tells a block whose
// header was written over from an address that never was a block. The caller holds the pool's lock.
[[nodiscard]] bool NTAPI begins_a_block(BlockHeader const* block) noexcept;

}  // namespace mica::mm
