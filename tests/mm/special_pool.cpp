// Special pool by the kernel's options, its room and its books.
#include <mica/system.hpp>
#include <mica/test.hpp>

#include <nt/bugcodes.h>
#include <nt/ex.h>

#include <set>
#include <string>
#include <vector>

#include "catch.hpp"
#include "faults.hpp"
#include "mm/usage.hpp"

using namespace mica;

namespace {

constexpr ULONG tag = 'M' | 'i' << 8 | 'S' << 16 | 'p' << 24;
constexpr ULONG short_tag = 'M' | 'i' << 8 | ' ' << 16 | ' ' << 24;

// Which of these tags a System with that option takes blocks of from special pool.
std::set<ULONG> taken_by(std::string const& options) {
  std::set<ULONG> taken;
  System system{{.options = options}};
  system.run([&] {
    for (ULONG const one : {tag, short_tag, ULONG{'Z'}}) {
      void* const memory = ExAllocatePoolWithTag(NonPagedPoolNx, 40, one);
      if (mm::state().special.contains(memory)) taken.insert(one);
      ExFreePoolWithTag(memory, one);
    }
  });
  return taken;
}

}  // namespace

TEST_CASE("special pool: the option says which tags", "[mm]") {
  using Tags = std::set<ULONG>;
  CHECK(taken_by("") == Tags{});
  CHECK(taken_by("special-pool=MiSp") == Tags{tag});
  CHECK(taken_by("special-pool=MiS?") == Tags{tag});
  CHECK(taken_by("special-pool=Mi??") == Tags{tag, short_tag});
  CHECK(taken_by("special-pool=Mi*") == Tags{tag, short_tag});
  CHECK(taken_by("special-pool=M*") == Tags{tag, short_tag});
  CHECK(taken_by("special-pool=Mi") == Tags{short_tag});
  CHECK(taken_by("special-pool=*") == Tags{tag, short_tag, 'Z'});
  CHECK(taken_by("special-pool=XiSp") == Tags{});
  CHECK(taken_by("special-pool-align=start") == Tags{});
}

TEST_CASE("special pool: an option that means nothing stops the system", "[mm]") {
  struct Wrong {
    char const* options;
    char const* says;
  };
  for (Wrong const& wrong : {Wrong{"special-pool=", "special-pool= needs a tag"},
                             Wrong{"special-pool", "special-pool= needs a tag"},
                             Wrong{"special-pool=MiSpy", "special-pool=MiSpy needs a tag"},
                             Wrong{"special-pool=M*p", "special-pool=M*p needs a tag"},
                             Wrong{"special-pool=* special-pool-align=middle",
                                   "special-pool-align=middle needs start or end"}}) {
    System system{{.options = wrong.options}};
    Outcome const end = system.try_run([] {});
    INFO(wrong.options << "\n" << system.log());
    CHECK(end.is_bugcheck(PHASE0_INITIALIZATION_FAILED, 4));
    CHECK(system.log().find(wrong.says) != std::string_view::npos);
  }
}

TEST_CASE("special pool: everything of a System may come from there", "[mm]") {
  for (char const* const align : {"end", "start"}) {
    System system{
        {.processors = 2, .options = std::string{"special-pool=* special-pool-align="} + align}};
    Outcome const end = system.try_run([] {
      std::vector<test::Thread*> threads;
      auto body = [] { test::sleep(test::millisecond_100ns); };
      for (int i = 0; i < 20; ++i) threads.push_back(test::start(body));
      for (test::Thread* const thread : threads) test::join(thread);
      MICA_CHECK(mm::state().special.usage().allocations > 40);
      MICA_CHECK(mm::state().special.usage().refused == 0);
    });
    INFO(end.report());
    CHECK(end.completed());
  }
}

TEST_CASE("special pool: without room blocks come from the other pool, and are counted", "[mm]") {
  System system{{.memory_bytes = std::size_t{8} << 20, .options = "special-pool=MiSp"}};
  system.run([] {
    mm::State& mm = mm::state();
    auto const leave = [&] { return mm.special.usage(); };
    // Two pages of addresses each: the arena has as many as there is memory.
    std::size_t const arena = mm.pages.total_pages();
    std::vector<void*> blocks;
    while (leave().refused < 3) {
      blocks.push_back(ExAllocatePoolWithTag(PagedPool, 200, tag));
      MICA_REQUIRE(blocks.back() != nullptr);
    }
    MICA_CHECK(leave().allocations <= arena / 2);
    MICA_CHECK(leave().allocations >= arena / 2 - 8);
    MICA_CHECK(blocks.size() == leave().allocations + 3);
    MICA_CHECK(!mm.special.contains(blocks.back()));
    mm::TagUsage const usage = mm::pool_usage(mm, mm::PoolKind::paged, tag);
    MICA_CHECK(usage.allocations == blocks.size());
    MICA_CHECK(usage.bytes == 200 * blocks.size());
    for (void* const block : blocks) ExFreePoolWithTag(block, tag);
    MICA_CHECK(leave().frees == leave().allocations);
    mm::TagUsage const after = mm::pool_usage(mm, mm::PoolKind::paged, tag);
    MICA_CHECK(after.frees == blocks.size());
    MICA_CHECK(after.bytes == 0);
    void* const again = ExAllocatePoolWithTag(PagedPool, 200, tag);
    MICA_CHECK(mm.special.contains(again));
    ExFreePoolWithTag(again, tag);
  });
}

TEST_CASE("special pool: addresses are used again as late as possible, pages at once", "[mm]") {
  System system{{.memory_bytes = std::size_t{8} << 20, .options = "special-pool=MiSp"}};
  system.run([] {
    mm::State& mm = mm::state();
    std::size_t const rounds = mm.pages.total_pages() / 2 - 1;
    std::set<void*> seen;
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag), tag);
    std::size_t free_pages = 0;
    for (std::size_t i = 0; i < 3 * rounds; ++i) {
      void* const block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag);
      if (i < rounds - 1) MICA_REQUIRE(seen.insert(block).second);
      ExFreePoolWithTag(block, tag);
      if (i == rounds) free_pages = mm.pages.free_pages();  // the machine's tables are all there
    }
    MICA_CHECK(mm.pages.free_pages() == free_pages);
    MICA_CHECK(mm.special.usage().refused == 0);
  });
}

TEST_CASE("special pool: what a program's handler hands over ends the System", "[mm]") {
  TakesFaults const takes_faults;
  System system{{.options = "special-pool=MiSp"}};
  void* freed = nullptr;
  Outcome const end = system.try_run([&] {
    freed = ExAllocatePoolWithTag(NonPagedPoolNx, 64, tag);
    ExFreePoolWithTag(freed, tag);
    *static_cast<int volatile*>(freed) = 1;
  });
  INFO(end.report() << "\n" << system.log());
  CHECK(end.is_bugcheck(PAGE_FAULT_IN_FREED_SPECIAL_POOL, reinterpret_cast<std::uint64_t>(freed)));
  CHECK(end.parameters()[1] == 1);
  CHECK(system.log().find("PAGE_FAULT_IN_FREED_SPECIAL_POOL") != std::string_view::npos);
  CHECK(system.try_run([] {}).is_bugcheck(PAGE_FAULT_IN_FREED_SPECIAL_POOL));

  System other;  // what was never special pool is what a page fault is
  Outcome const usual = other.try_run(
      [] { *static_cast<int volatile*>(static_cast<void*>(mm::state().space.reserve(1))) = 1; });
  CHECK(usual.is_bugcheck(PAGE_FAULT_IN_NONPAGED_AREA));
}
