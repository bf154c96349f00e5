// Properties of the free pages of one range, against a map of who has which.
#include "mm/page_runs.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <array>
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

constexpr std::uint64_t base = 1000;  // of the range's first page

// Some pages that the operation wants, some of them within bounds.
std::uint32_t allocate(PageRuns& runs, std::uint32_t operation, std::uint32_t pages,
                       std::vector<bool> const& owned) {
  if (operation % 2 == 0) return runs.allocate(pages, PageUse::kernel);
  auto const count = static_cast<std::uint32_t>(owned.size());
  std::uint64_t const low = base + operation / 64 % count;
  std::uint64_t const high = low + operation / 4096 % count;
  std::uint64_t const boundary = std::array{0, 0, 4, 7}[operation / 16 % 4];
  std::uint32_t const first =
      runs.allocate_within(pages, PageUse::kernel, {low, high, boundary}, base);
  if (first == PageRuns::none) {
    if (pages > 1) return first;
    for (std::uint64_t page = low - base; page <= high - base && page < count; ++page)
      RC_ASSERT(owned[page]);
    return first;
  }
  RC_ASSERT(base + first >= low && base + first + pages - 1 <= high);
  if (boundary != 0) RC_ASSERT((base + first) / boundary == (base + first + pages - 1) / boundary);
  return first;
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
      bool const bounded = operation % 2 != 0;
      std::uint32_t const first = allocate(runs, operation, pages, owned);
      if (first == PageRuns::none) {
        RC_ASSERT(bounded || pages > 1 || free == 0);  // one page is there as long as any is
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

TEST_CASE("pages: the run that just fits within bounds is found", "[mm]") {
  std::vector<PageEntry> entries(16);
  PageRuns runs;
  runs.initialize(entries.data(), 16);
  REQUIRE(runs.allocate(16, PageUse::kernel) == 0);
  runs.release(4, 4);
  auto const within = [&](PageBounds bounds) {
    return runs.allocate_within(3, PageUse::kernel, bounds, base);
  };
  CHECK(within({base, base + 5, 0}) == PageRuns::none);
  CHECK(within({base + 6, base + 15, 0}) == PageRuns::none);
  CHECK(within({base + 5, base + 7, 2}) == PageRuns::none);
  CHECK(within({base + 5, base + 7, 0}) == 5);
  CHECK(runs.free_pages() == 1);
  runs.release(5, 3);
  CHECK(within({0, ~std::uint64_t{0} >> 12, 3}) == 5);  // base + 5 is a multiple
  runs.release(5, 3);
  CHECK(runs.allocate(4, PageUse::kernel) == 4);
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
