// What each tag has allocated and freed on one processor in one pool; mm::Pool adds the processors
// up.
//
// Rules
//   Written by its processor alone, at DISPATCH_LEVEL; read by any. A block may be freed on another
//   processor than it was allocated on: a single table's difference may be negative, only the sum
//   over all means something. A zero-filled table is empty. Tags beyond its room share the last
//   slot, which shows the tag 'Ovfl'.
#pragma once

#include <nt/ntdef.h>

#include <atomic>
#include <cstdint>

namespace mica::mm {

struct TagSlot {
  std::atomic<std::uint32_t> tag;  // 0: nobody's yet
  std::atomic<std::uint64_t> allocations;
  std::atomic<std::uint64_t> frees;
  std::atomic<std::uint64_t> bytes;  // allocated minus freed, modulo 2^64

  void count_allocation(std::size_t size) noexcept {
    add(allocations, 1);
    add(bytes, size);
  }
  void count_free(std::size_t size) noexcept {
    add(frees, 1);
    add(bytes, std::uint64_t{0} - size);
  }

 private:
  // One writer: no locked instruction is needed.
  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
};

struct TagTable {
  static constexpr unsigned bits = 8;
  static constexpr unsigned room = 1u << bits;
  static constexpr std::uint32_t overflow = 'O' | 'v' << 8 | 'f' << 16 | 'l' << 24;

  TagSlot slots[room + 1];

  // The tag's slot if it is where nearly every tag's is; nullptr: slot() knows.
  [[nodiscard]] TagSlot* find(std::uint32_t tag) noexcept {
    TagSlot& first = slots[hash(tag)];
    return first.tag.load(std::memory_order_relaxed) == tag ? &first : nullptr;
  }
  [[nodiscard]] TagSlot& slot(std::uint32_t tag) noexcept {
    TagSlot* const first = find(tag);
    return first != nullptr ? *first : search(tag);
  }

 private:
  [[nodiscard]] static unsigned hash(std::uint32_t tag) noexcept {
    return tag * 0x9E37'79B1u >> (32 - bits);
  }

  [[gnu::noinline]] TagSlot& NTAPI search(std::uint32_t tag) noexcept {
    for (unsigned i = 0, at = hash(tag); i < room; ++i, at = (at + 1) % room) {
      std::uint32_t const owner = slots[at].tag.load(std::memory_order_relaxed);
      if (owner == tag) return slots[at];
      if (owner == 0) {
        slots[at].tag.store(tag, std::memory_order_relaxed);
        return slots[at];
      }
    }
    slots[room].tag.store(overflow, std::memory_order_relaxed);
    return slots[room];
  }
};

}  // namespace mica::mm
