// Properties of the pool in a running System: threads on several processors allocate, hand over and
// free.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <rapidcheck.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "mm/usage.hpp"

using namespace mica;

namespace {

constexpr unsigned processors = 4;

struct Block {
  unsigned char* memory;
  std::size_t bytes;
  ULONG tag;
  mm::PoolKind kind;
  unsigned char fill;
};

// Everything the pool promised about what is live. [design: M1]
class Model {
 public:
  void operate(std::uint64_t random) noexcept {
    if (live_.empty() || random % 16 < 9) {
      allocate(random / 16);
    } else {
      release(random / 16);
    }
  }

  void allocate(std::uint64_t random) noexcept {
    std::uint64_t const shape = random % 16;
    std::size_t const limit = shape == 0 ? 65'536 : shape < 6 ? page_size + 16 : 300;
    Block block{};
    block.bytes = random / 16 % (limit + 1);
    block.tag = 1 + static_cast<ULONG>(random >> 32) % 7;
    block.kind = random >> 40 & 1 ? mm::PoolKind::paged : mm::PoolKind::nonpaged;
    block.fill = static_cast<unsigned char>(random >> 48);
    block.memory =
        static_cast<unsigned char*>(mm::allocate_pool(block.kind, block.bytes, block.tag));
    holds_ = holds_ && block.memory != nullptr && well_placed(block) && apart(block);
    if (block.memory == nullptr) return;
    std::memset(block.memory, block.fill, block.bytes);
    extents_[block.memory] = block.bytes;
    live_.push_back(block);
    auto& [blocks, bytes] = sums_[{block.kind, block.tag}];
    ++blocks;
    bytes += block.bytes;
  }

  void release(std::uint64_t random) noexcept {
    Block const block = live_[random % live_.size()];
    live_[random % live_.size()] = live_.back();
    live_.pop_back();
    for (std::size_t i = 0; i < block.bytes; ++i) holds_ = holds_ && block.memory[i] == block.fill;
    extents_.erase(block.memory);
    auto& [blocks, bytes] = sums_[{block.kind, block.tag}];
    --blocks;
    bytes -= block.bytes;
    mm::free_pool(block.memory, random >> 32 & 1 ? block.tag : 0);
  }

  void release_all() noexcept {
    while (!live_.empty()) release(live_.size() / 2);
  }

  void check_accounts() noexcept {
    for (auto const& [key, sum] : sums_) {
      mm::TagUsage const usage = mm::pool_usage(mm::state(), key.first, key.second);
      holds_ = holds_ && usage.allocations - usage.frees == sum.first && usage.bytes == sum.second;
    }
  }

  [[nodiscard]] bool holds() const noexcept { return holds_; }

 private:
  [[nodiscard]] static bool well_placed(Block const& block) noexcept {
    auto const first = reinterpret_cast<std::uintptr_t>(block.memory);
    if (first % 16 != 0) return false;
    if (block.bytes >= page_size) return first % page_size == 0;
    return block.bytes == 0 || first >> page_shift == (first + block.bytes - 1) >> page_shift;
  }
  [[nodiscard]] bool apart(Block const& block) const noexcept {
    auto const after = extents_.lower_bound(block.memory);
    if (after != extents_.end() &&
        after->first < block.memory + std::max<std::size_t>(block.bytes, 1))
      return false;
    return after == extents_.begin() ||
           std::prev(after)->first + std::prev(after)->second <= block.memory;
  }

  std::vector<Block> live_;
  std::map<unsigned char*, std::size_t> extents_;
  std::map<std::pair<mm::PoolKind, ULONG>, std::pair<std::uint64_t, std::uint64_t>> sums_;
  bool holds_ = true;
};

// On each processor in turn, because only it may touch what it keeps.
void trim_everywhere() noexcept {
  for (unsigned i = 0; i < processors; ++i) {
    test::join(
        test::start([](void*) { mm::trim_pools(); }, nullptr, {.processor = static_cast<int>(i)}));
  }
}

// Stacks of ended threads are given back; pages that other parts of the kernel hold do not matter.
[[nodiscard]] std::size_t settled_free_pages() noexcept {
  trim_everywhere();
  test::sleep(10 * test::millisecond_100ns);
  mm::state().stacks.trim();
  return mm::state().pages.free_pages();
}

// Every page came back but those that the trimming threads' own blocks pin: freed by the reaper,
// they stay with the processor it ran on, a page each at most.
[[nodiscard]] bool all_came_back(std::size_t before) noexcept {
  return settled_free_pages() + processors >= before;
}

}  // namespace

TEST_CASE("pool: live blocks keep apart, keep their contents, and every page comes back", "[mm]") {
  CHECK(rc::check([] {
    auto const randoms =
        *rc::gen::container<std::vector<std::uint64_t>>(400, rc::gen::arbitrary<std::uint64_t>());
    bool held = false;
    bool all_back = false;
    System system{{.processors = processors}};
    system.run([&] {
      std::size_t const before = settled_free_pages();
      Model model;
      // A stretch on each processor in turn: most blocks are freed elsewhere than they were
      // allocated.
      std::span<std::uint64_t const> rest{randoms};
      for (int turn = 0; !rest.empty(); ++turn) {
        std::span<std::uint64_t const> const stretch =
            rest.first(std::min<std::size_t>(rest.size(), 25));
        rest = rest.subspan(stretch.size());
        auto operate = [&] {
          for (std::uint64_t const random : stretch) model.operate(random);
        };
        test::join(test::start(operate, {.processor = turn % static_cast<int>(processors)}));
        model.check_accounts();
      }
      model.release_all();
      model.check_accounts();
      held = model.holds();
      all_back = all_came_back(before);
    });
    RC_ASSERT(held);
    RC_ASSERT(all_back);
  }));
}

TEST_CASE("pool: processors at once, each with its own blocks", "[mm]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    bool held = true;
    System system{{.processors = processors, .seed = seed}};
    system.run([&] {
      Model models[processors];
      struct Work {
        Model* model;
        std::uint64_t random;
      } works[processors];
      test::Thread* threads[processors];
      for (unsigned i = 0; i < processors; ++i) {
        works[i] = {&models[i], seed * processors + i};
        threads[i] = test::start(
            [](void* argument) {
              auto& work = *static_cast<Work*>(argument);
              for (int n = 0; n < 300; ++n) {
                work.random = work.random * 6364136223846793005u + 1442695040888963407u;
                work.model->operate(work.random >> 8);
              }
              work.model->release_all();
            },
            &works[i], {.processor = static_cast<int>(i)});
      }
      for (test::Thread* const thread : threads) test::join(thread);
      for (Model const& model : models) held = held && model.holds();
      for (mm::PoolKind const kind : {mm::PoolKind::nonpaged, mm::PoolKind::paged}) {
        for (ULONG tag = 1; tag <= 7; ++tag) {
          held = held && mm::pool_usage(mm::state(), kind, tag).bytes == 0;
        }
      }
    });
    CHECK(held);
  }
}

TEST_CASE("pool: memory that ran out is there again", "[mm]") {
  std::size_t blocks = 0;
  bool refused = false;
  bool all_back = false;
  System system{{.processors = processors, .memory_bytes = std::size_t{16} << 20}};
  system.run([&] {
    std::size_t const before = settled_free_pages();
    void* chain = nullptr;
    while (void* const block = mm::allocate_pool(mm::PoolKind::nonpaged, 1000, 1)) {
      *static_cast<void**>(block) = std::exchange(chain, block);
      ++blocks;
    }
    refused = mm::allocate_pool(mm::PoolKind::paged, 5000, 1) == nullptr;
    while (chain != nullptr) mm::free_pool(std::exchange(chain, *static_cast<void**>(chain)), 1);
    all_back = all_came_back(before);
  });
  CHECK(blocks > 10'000);
  CHECK(refused);
  CHECK(all_back);
}

TEST_CASE("pool: ten thousand random blocks cost at most a fifth more than they hold", "[mm]") {
  double overhead = 1;
  System system{{.processors = 1}};
  system.run([&] {
    std::size_t const before = mm::state().pages.free_pages();
    constexpr std::size_t count = 10'000;
    std::vector<std::pair<void*, std::size_t>> blocks(count);
    std::uint64_t random = 1;
    auto next = [&] { return random = random * 6364136223846793005u + 1442695040888963407u; };
    std::size_t live = 0;
    auto fill = [&](auto& block) {
      block.second = 16 + (next() >> 33) % 4081;
      block.first = mm::allocate_pool(mm::PoolKind::nonpaged, block.second, 1);
      live += block.second;
    };
    for (auto& block : blocks) fill(block);
    for (std::size_t i = 0; i < 10 * count; ++i) {
      auto& block = blocks[(next() >> 33) % count];
      mm::free_pool(block.first, 1);
      live -= block.second;
      fill(block);
    }
    std::size_t const used = (before - mm::state().pages.free_pages()) << page_shift;
    overhead = static_cast<double>(used) / static_cast<double>(live) - 1;
    for (auto const& block : blocks) mm::free_pool(block.first, 1);
  });
  CHECK(overhead <= 0.20);
}

TEST_CASE("pool: growth between two counts names the tag", "[mm]") {
  std::size_t grown = 0;
  mm::TagUsage found{};
  System system;
  system.run([&] {
    mm::TagUsage before[64];
    mm::TagUsage after[64];
    std::size_t const first = mm::pool_usage(mm::state(), before);
    void* const kept = mm::allocate_pool(mm::PoolKind::paged, 123, 'K');
    mm::free_pool(mm::allocate_pool(mm::PoolKind::paged, 50, 'G'), 'G');
    std::size_t const second = mm::pool_usage(mm::state(), after);
    grown = mm::pool_growth({before, first}, {after, second});
    found = after[0];
    mm::free_pool(kept, 'K');
  });
  CHECK(grown == 1);
  CHECK(found.tag == 'K');
  CHECK(found.kind == mm::PoolKind::paged);
  CHECK(found.bytes == 123);
  CHECK(found.allocations - found.frees == 1);
}
