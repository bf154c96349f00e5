// Properties of the heap of blocks, against a model of what is live.
#include "mm/heap.hpp"

#include <rapidcheck.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "catch.hpp"

using namespace mica;
using namespace mica::mm;

namespace {

class Model {
 public:
  ~Model() {
    for (void* const page : pages_) std::free(page);
  }

  void allocate(unsigned units, Alignment alignment) {
    BlockHeader* block = heap_.allocate(units, alignment);
    if (block == nullptr) {
      void* const page = std::aligned_alloc(page_size, page_size);
      pages_.insert(page);
      block = heap_.allocate_from(page, units, alignment);
    }
    auto const address = reinterpret_cast<std::uintptr_t>(block);
    RC_ASSERT(block->units >= units);
    RC_ASSERT(block->units <= units + 1);
    auto const last = address + block->units * unit - 1;
    RC_ASSERT(address / page_size == last / page_size);
    if (alignment == Alignment::cache_line) RC_ASSERT((address + sizeof(BlockHeader)) % 64 == 0u);
    auto const after = live_.lower_bound(address);
    RC_ASSERT(after == live_.end() || after->first >= address + block->units * unit);
    if (after != live_.begin())
      RC_ASSERT(std::prev(after)->first + std::prev(after)->second * unit <= address);
    live_[address] = block->units;
    RC_ASSERT(begins_a_block(block));
    RC_ASSERT(!begins_a_block(block + 1));
  }

  void release(std::size_t which) {
    if (live_.empty()) return;
    auto const at = std::next(live_.begin(), static_cast<std::ptrdiff_t>(which % live_.size()));
    auto* const block = reinterpret_cast<BlockHeader*>(at->first);
    RC_ASSERT(block->units == at->second);
    live_.erase(at);
    Heap::Released const released = heap_.release(block);
    RC_ASSERT(released.contradicting == nullptr);
    if (released.page != nullptr) {
      auto const page = reinterpret_cast<std::uintptr_t>(released.page);
      auto const in_page = live_.lower_bound(page);
      RC_ASSERT(in_page == live_.end() || in_page->first >= page + page_size);
      RC_ASSERT(pages_.erase(released.page) == 1u);
      std::free(released.page);
    }
    RC_ASSERT(heap_.pages() == pages_.size());
  }

  void release_all() {
    while (!live_.empty()) release(0);
    RC_ASSERT(pages_.empty());  // every page came back with its last block
  }

 private:
  Heap heap_{};
  std::set<void*> pages_;
  std::map<std::uintptr_t, unsigned> live_;  // address of the header -> units
};

[[nodiscard]] BlockHeader* live(Heap& heap, void* page, unsigned units) {
  BlockHeader* const block = heap.allocate_from(page, units, Alignment::unit);
  block->slack = 0;
  return block;
}

}  // namespace

TEST_CASE("heap: blocks neither overlap nor cross a page, and empty pages come back", "[mm]") {
  CHECK(rc::check([] {
    Model model;
    auto const operations =
        *rc::gen::container<std::vector<std::uint32_t>>(300, rc::gen::arbitrary<std::uint32_t>());
    for (std::uint32_t const operation : operations) {
      std::uint32_t const value = operation / 8;
      if (operation % 8 < 5) {
        bool const line = value % 7 == 0;
        unsigned const largest = largest_units - (line ? Heap::line_units : 0);
        unsigned const limit = value % 3 == 0 ? largest : 20;
        unsigned const units = smallest_units + value / 32 % (limit - smallest_units + 1);
        model.allocate(units, line ? Alignment::cache_line : Alignment::unit);
      } else {
        model.release(value);
      }
    }
    model.release_all();
  }));
}

TEST_CASE("heap: freed neighbours join", "[mm]") {
  void* const page = std::aligned_alloc(page_size, page_size);
  Heap heap{};
  std::vector<BlockHeader*> blocks{heap.allocate_from(page, 4, Alignment::unit)};
  while (BlockHeader* const block = heap.allocate(4, Alignment::unit)) blocks.push_back(block);
  REQUIRE(blocks.size() == page_units / 4);
  // Every second one first: each of the others then joins on both sides.
  for (std::size_t i = 0; i < blocks.size(); i += 2)
    REQUIRE(heap.release(blocks[i]).page == nullptr);
  CHECK(heap.allocate(8, Alignment::unit) == nullptr);
  for (std::size_t i = 1; i + 2 < blocks.size(); i += 2)
    REQUIRE(heap.release(blocks[i]).page == nullptr);
  CHECK(heap.release(blocks.back()).page == page);
  CHECK(heap.pages() == 0);
  std::free(page);
}

TEST_CASE("heap: the smallest block that is large enough is used", "[mm]") {
  std::unique_ptr<void, decltype(&std::free)> const page{std::aligned_alloc(page_size, page_size),
                                                         std::free};
  Heap heap{};
  auto* const whole = heap.allocate_from(page.get(), 100, Alignment::unit);
  auto* const fence = heap.allocate(10, Alignment::unit);
  auto* const hole = heap.allocate(6, Alignment::unit);
  auto* const fence_too = heap.allocate(10, Alignment::unit);
  REQUIRE((whole != nullptr && fence != nullptr && hole != nullptr && fence_too != nullptr));
  REQUIRE(heap.release(hole).contradicting == nullptr);
  CHECK(heap.allocate(6, Alignment::unit) == hole);
}

TEST_CASE("heap: a header that was written over is named, and nothing is joined", "[mm]") {
  std::unique_ptr<void, decltype(&std::free)> const page{std::aligned_alloc(page_size, page_size),
                                                         std::free};
  Heap heap{};
  BlockHeader* const upper = live(heap, page.get(), 8);
  BlockHeader* const lower = heap.allocate(8, Alignment::unit);
  REQUIRE(lower + lower->units == upper);
  std::uint8_t const previous = upper->previous;
  upper->previous = 3;
  CHECK(heap.release(lower).contradicting == upper);
  upper->previous = previous;
  std::uint8_t const units = lower->units;
  lower->units = 5;
  CHECK(heap.release(upper).contradicting == lower);
  lower->units = units;
  CHECK(heap.release(upper).contradicting == nullptr);
  CHECK(heap.release(lower).page == page.get());
}
