// The pool's peers behind one pair of functions, and the load they are given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "floor/pool.hpp"

namespace mica::bench {

inline constexpr std::uint32_t pool_tag = 'hcnB';

struct Allocator {
  void* (*allocate)(std::size_t bytes);
  void (*release)(void* memory);
};

// ExAllocatePoolWithTag and ExFreePoolWithTag: inside a System only.
[[nodiscard]] Allocator ours() noexcept;
[[nodiscard]] Allocator tagged_floor() noexcept;
// By name. jemalloc, mimalloc and tcmalloc are loaded each by itself: the process keeps its malloc.
[[nodiscard]] std::vector<std::pair<std::string, Allocator>> peers();

// Blocks of 16 to 4096 bytes; each step frees one of 10 000 and allocates another.
class Churn {
 public:
  static constexpr std::size_t live_blocks = 10'000;

  explicit Churn(Allocator const& allocator) : allocator_{allocator}, blocks_(live_blocks) {
    for (Block& block : blocks_) fill(block, random_());
  }
  Churn(Churn const&) = delete;
  Churn& operator=(Churn const&) = delete;
  ~Churn() {
    for (Block const& block : blocks_) allocator_.release(block.memory);
  }

  void step() noexcept {
    std::uint64_t const random = random_();
    Block& block = blocks_[(random >> 32) % live_blocks];
    allocator_.release(block.memory);
    fill(block, random);
  }

  [[nodiscard]] std::size_t live_bytes() const noexcept {
    std::size_t sum = 0;
    for (Block const& block : blocks_) sum += block.bytes;
    return sum;
  }
  // Every page of every block is there.
  void touch() noexcept {
    for (Block const& block : blocks_)
      for (std::size_t i = 0; i < block.bytes; i += 64)
        static_cast<char volatile*>(block.memory)[i] = 1;
  }

 private:
  struct Block {
    void* memory;
    std::uint32_t bytes;
  };
  void fill(Block& block, std::uint64_t random) noexcept {
    block.bytes = 16 + static_cast<std::uint32_t>(random) % 4081;
    block.memory = allocator_.allocate(block.bytes);
    *static_cast<char volatile*>(block.memory) = 1;
  }

  Allocator const allocator_;
  std::vector<Block> blocks_;
  Random random_;
};

}  // namespace mica::bench
