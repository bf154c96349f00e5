// The floor of a tagged pool: a free list for each 16 bytes of size, a sealed 16-byte header,
// counts for each tag. It never gives memory back and joins nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "floor/lock.hpp"

namespace mica::bench::floor {

class TaggedPool {
 public:
  [[gnu::noinline]] void* allocate(std::size_t bytes, std::uint32_t tag) {
    std::uint32_t const units = static_cast<std::uint32_t>((bytes + sizeof(Header) + 15) / 16);
    Header* block = lists_[units];
    if (block != nullptr) [[likely]]
      lists_[units] = next_of(*block);
    else
      block = carve(units);
    block->units = units;
    return issue(block + 1, tag);
  }

  [[gnu::noinline]] void release(void* memory, std::uint32_t tag) noexcept {
    retire(memory, tag);
    Header* const block = static_cast<Header*>(memory) - 1;
    block->seal = reinterpret_cast<std::uint64_t>(lists_[block->units]);
    lists_[block->units] = block;
  }

  // A block in no list becomes its owner's: header, seal, counts.
  void* issue(void* memory, std::uint32_t tag) noexcept {
    Header* const block = static_cast<Header*>(memory) - 1;
    block->tag = tag;
    block->seal = seal_of(block);
    Counts& counts = counts_of(tag);
    counts.tag = tag;
    ++counts.allocations;
    counts.bytes += block->units * 16;
    return memory;
  }
  // The reverse, after a look at the seal.
  void* retire(void* memory, std::uint32_t tag) noexcept {
    Header* const block = static_cast<Header*>(memory) - 1;
    if (block->seal != seal_of(block) || block->tag != tag) [[unlikely]]
      __builtin_trap();
    Counts& counts = counts_of(tag);
    ++counts.frees;
    counts.bytes -= block->units * 16;
    block->seal = 0;
    return memory;
  }

 private:
  struct Header {
    std::uint32_t tag;
    std::uint32_t units;  // of 16 bytes, header included
    std::uint64_t seal;   // of a freed block: the next one
  };
  struct Counts {
    std::uint32_t tag;
    std::uint64_t allocations, frees, bytes;
  };

  static std::uint64_t seal_of(Header const* block) noexcept {
    return 0x9E37'79B9'7F4A'7C15 ^ reinterpret_cast<std::uint64_t>(block);
  }
  static Header* next_of(Header const& block) noexcept {
    return reinterpret_cast<Header*>(block.seal);
  }
  Counts& counts_of(std::uint32_t tag) noexcept { return counts_[tag * 0x9E37'79B1u >> 24]; }

  Header* carve(std::size_t units) {
    constexpr std::size_t chunk_units = 64 * 1024;
    if (left_ < units) {
      chunks_.push_back(std::make_unique<Header[]>(chunk_units));
      fresh_ = chunks_.back().get();
      left_ = chunk_units;
    }
    left_ -= units;
    return std::exchange(fresh_, fresh_ + units);
  }

  Header* lists_[320] = {};
  Counts counts_[256] = {};
  std::vector<std::unique_ptr<Header[]>> chunks_;
  Header* fresh_ = nullptr;
  std::size_t left_ = 0;
};

// Two processors, blocks of one size: each has a list, of which it exchanges chains of 16 with the
// other through a depot under a lock.
class ExchangingPool {
 public:
  [[gnu::noinline]] void* allocate(unsigned processor, std::size_t bytes, std::uint32_t tag) {
    List& list = lists_[processor];
    if (list.count == 0 && !take(list)) return pool_.allocate(bytes, tag);
    Block* const block = list.first;
    list.first = block->next;
    --list.count;
    return pool_.issue(block, tag);
  }
  [[gnu::noinline]] void release(unsigned processor, void* memory, std::uint32_t tag) noexcept {
    List& list = lists_[processor];
    auto* const block = static_cast<Block*>(pool_.retire(memory, tag));
    block->next = list.first;
    list.first = block;
    if (++list.count == 2 * chain) give(list);
  }

 private:
  static constexpr unsigned chain = 16;
  struct Block {
    Block* next;
    Block* next_chain;
  };
  struct List {
    Block* first = nullptr;
    unsigned count = 0;
  };

  bool take(List& list) noexcept {
    lock_.lock();
    Block* const first = depot_;
    if (first != nullptr) depot_ = first->next_chain;
    lock_.unlock();
    list = {first, first != nullptr ? chain : 0};
    return first != nullptr;
  }
  void give(List& list) noexcept {
    Block* const first = list.first;
    Block* last = first;
    for (unsigned i = 1; i < chain; ++i) last = last->next;
    list = {last->next, chain};
    last->next = nullptr;
    lock_.lock();
    first->next_chain = depot_;
    depot_ = first;
    lock_.unlock();
  }

  TaggedPool pool_;
  List lists_[2];
  Lock lock_;
  Block* depot_ = nullptr;
};

}  // namespace mica::bench::floor
