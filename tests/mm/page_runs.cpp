// Properties of the free pages of one range, against a map of who has which.
#include "mm/page_runs.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "catch.hpp"

using namespace mica::mm;

namespace {

struct Taken {
  std::uint32_t first;
  std::uint32_t pages;
};

// What the database says about every page agrees with who has it.
void check_entries(PageRuns& runs, std::vector<bool> const& owned) {
  for (std::uint32_t page = 0; page < owned.size(); ++page) {
    PageEntry const* const entry = runs.entry(page);
    bool const says_owned = entry != nullptr && entry->use != PageUse::free;
    RC_ASSERT(says_owned == owned[page]);
  }
}

void run_random(std::uint32_t count) {
  std::vector<PageEntry> entries(count);
  PageRuns runs;
  runs.initialize(entries.data(), count);
  std::vector<bool> owned(count);
  std::vector<Taken> taken;
  std::uint32_t free = count;

  auto const operations =
      *rc::gen::container<std::vector<std::uint32_t>>(200, rc::gen::arbitrary<std::uint32_t>());
  for (std::uint32_t const operation : operations) {
    if (operation % 5 < 3) {
      std::uint32_t const pages =
          operation / 5 % 4 == 0 ? operation / 20 % 70 + 1 : operation / 20 % 3 + 1;
      std::uint32_t const first = runs.allocate(pages, PageUse::kernel);
      if (first == PageRuns::none) {
        RC_ASSERT(pages > 1 || free == 0);  // one page is there as long as any is
        continue;
      }
      RC_ASSERT(first + pages <= count);
      for (std::uint32_t page = first; page < first + pages; ++page) {
        RC_ASSERT(!owned[page]);
        owned[page] = true;
        RC_ASSERT(!entries[page].watched_objects && !entries[page].watched_timers);
        entries[page].watched_objects = (operation >> 30 & 1) != 0;
        entries[page].watched_timers = (operation >> 31 & 1) != 0;
      }
      free -= pages;
      taken.push_back({first, pages});
    } else if (!taken.empty()) {
      std::size_t const which = operation / 5 % taken.size();
      Taken const gone = taken[which];
      taken[which] = taken.back();
      taken.pop_back();
      for (std::uint32_t page = gone.first; page < gone.first + gone.pages; ++page)
        owned[page] = false;
      free += gone.pages;
      runs.release(gone.first, gone.pages);
    }
    RC_ASSERT(runs.free_pages() == free);
  }
  check_entries(runs, owned);

  for (Taken const& rest : taken) runs.release(rest.first, rest.pages);
  RC_ASSERT(runs.free_pages() == count);
}

}  // namespace

TEST_CASE("pages: no page has two owners, and every page comes back", "[mm]") {
  CHECK(rc::check([] { run_random(*rc::gen::inRange<std::uint32_t>(1, 400)); }));
}

TEST_CASE("pages: freed neighbours join", "[mm]") {
  constexpr std::uint32_t count = 64;
  std::vector<PageEntry> entries(count);
  PageRuns runs;
  runs.initialize(entries.data(), count);
  for (std::uint32_t i = 0; i < count; ++i) REQUIRE(runs.allocate(1, PageUse::kernel) == i);
  CHECK(runs.allocate(1, PageUse::kernel) == PageRuns::none);
  CHECK(rc::check([&] {
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    std::shuffle(order.begin(), order.end(), std::mt19937{*rc::gen::arbitrary<unsigned>()});
    for (std::uint32_t const page : order) runs.release(page, 1);
    // Only one run of all pages can satisfy this.
    RC_ASSERT(runs.allocate(count, PageUse::kernel) == 0u);
  }));
}

TEST_CASE("pages: what was never used is not known", "[mm]") {
  std::vector<PageEntry> entries(16);
  PageRuns runs;
  runs.initialize(entries.data(), 16);
  CHECK(runs.entry(0) == nullptr);
  REQUIRE(runs.allocate(3, PageUse::pool_large) == 0);
  CHECK(runs.entry(0)->use == PageUse::pool_large);
  CHECK(runs.entry(2)->use == PageUse::pool_large_rest);
  CHECK(runs.entry(3) == nullptr);
  CHECK(runs.entry(~0u) == nullptr);
  CHECK(runs.allocate(0, PageUse::kernel) == PageRuns::none);
  CHECK(runs.allocate(14, PageUse::kernel) == PageRuns::none);
}
