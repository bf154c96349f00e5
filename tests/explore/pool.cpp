// M1: live blocks never overlap, keep their tag and size, and freeing all returns all pages.
#include <nt/ex.h>

#include "ke/processor.hpp"
#include "mm/usage.hpp"
#include "rig.hpp"

using namespace mica::explore;

namespace {

constexpr ULONG tag = 'lpxE';

// A block that is filled with its own mark while it lives.
struct Block {
  unsigned char* bytes = nullptr;
  std::size_t size = 0;
  unsigned char mark = 0;

  void allocate(std::size_t wanted, unsigned char with) noexcept {
    bytes = static_cast<unsigned char*>(ExAllocatePool2(POOL_FLAG_NON_PAGED, wanted, tag));
    size = wanted;
    mark = with;
    MICA_REQUIRE(bytes != nullptr);
    auto const address = reinterpret_cast<ULONG_PTR>(bytes);
    if (wanted >= 4096)
      MICA_CHECK(address % 4096 == 0);
    else
      MICA_CHECK(address / 4096 == (address + wanted - 1) / 4096);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = mark;
  }
  void check() const noexcept {
    bool kept = true;
    for (std::size_t i = 0; i < size; ++i) kept = kept && bytes[i] == mark;
    MICA_CHECK(kept);
  }
  void free() noexcept {
    check();
    ExFreePoolWithTag(bytes, tag);
    bytes = nullptr;
  }
};

mica::mm::TagUsage usage() noexcept {
  return mica::mm::pool_usage(*mica::ke::processor_block().mm, mica::mm::PoolKind::nonpaged, tag);
}

}  // namespace

MICA_EXPLORE("M1-blocks",
             "M1: live blocks never overlap, freed anywhere, and none is left in the books",
             .processors = 3) {
  Block handed[3];
  auto worker = [&handed](int number) {
    static constexpr std::size_t sizes[] = {24, 200, 24, 1000, 5000};
    Block blocks[5];
    for (int i = 0; i < 5; ++i)
      blocks[i].allocate(sizes[i], static_cast<unsigned char>(16 * number + i + 1));
    handed[number].allocate(48, static_cast<unsigned char>(0xF0 + number));
    for (int i = 0; i < 5; i += 2) blocks[i].free();
    for (int i = 0; i < 5; i += 2)
      blocks[i].allocate(sizes[4 - i], static_cast<unsigned char>(16 * number + i + 8));
    for (Block& block : blocks) block.free();
  };
  auto first = [&] { worker(0); };
  auto second = [&] { worker(1); };
  auto third = [&] { worker(2); };
  {
    Team team{window};
    team.add(first, {.processor = 0});
    team.add(second, {.processor = 1});
    team.add(third, {.processor = 2});
    team.run();
  }
  MICA_CHECK(usage().allocations - usage().frees == 3);
  MICA_CHECK(usage().bytes == 3 * 48);
  for (Block& block : handed) block.free();
  MICA_CHECK(usage().allocations == usage().frees);
  MICA_CHECK(usage().bytes == 0);
}
