#include "hal_x64/memory_map.hpp"

#include <rapidcheck.h>

#include <set>

#include "catch.hpp"

using namespace mica;
using mica::hal_x64::MemoryMap;

namespace {

std::set<std::uint64_t> pages_of(MemoryMap const& map) {
  std::set<std::uint64_t> pages;
  for (hal::PageRange const range : map.ranges()) {
    for (std::uint64_t i = 0; i < range.count; ++i) pages.insert(range.first.value + i);
  }
  return pages;
}

}  // namespace

TEST_CASE("the memory map against a set of pages", "[hal_x64]") {
  CHECK(rc::check([] {
    MemoryMap map;
    std::set<std::uint64_t> model;
    auto const steps = *rc::gen::inRange(1, 12);  // few enough that the table never overflows
    for (int step = 0; step < steps; ++step) {
      std::uint64_t const base = *rc::gen::inRange<std::uint64_t>(0, 64 * page_size);
      std::uint64_t const bytes = *rc::gen::inRange<std::uint64_t>(0, 32 * page_size);
      switch (*rc::gen::inRange(0, 3)) {
        case 0:
          map.add(base, bytes);
          for (std::uint64_t page = (base + page_size - 1) / page_size;
               (page + 1) * page_size <= base + bytes; ++page) {
            model.insert(page);
          }
          break;
        case 1:
          map.remove(base, bytes);
          for (std::uint64_t page = base / page_size; bytes != 0 && page * page_size < base + bytes;
               ++page) {
            model.erase(page);
          }
          break;
        default: {
          PageNumber const limit{base / page_size};
          PageNumber const page = map.take(limit);
          bool const there = !model.empty() && *model.begin() < limit.value;
          RC_ASSERT((page == no_page) == !there);
          if (there) {
            RC_ASSERT(page.value == *model.begin());
            model.erase(model.begin());
          }
        }
      }
      RC_ASSERT(pages_of(map) == model);
    }
  }));
}

TEST_CASE("ranges at the end of the address space", "[hal_x64]") {
  MemoryMap map;
  map.add(~std::uint64_t{0} - 10, ~std::uint64_t{0});
  CHECK(map.ranges().empty());
  map.add(0x1000, ~std::uint64_t{0});
  REQUIRE(map.ranges().size() == 1);
  map.remove(0x2000, ~std::uint64_t{0});
  CHECK(pages_of(map) == std::set<std::uint64_t>{1});
}

TEST_CASE("a full table loses memory and never gives it out twice", "[hal_x64]") {
  MemoryMap map;
  for (std::uint64_t i = 0; i < 200; ++i) map.add(i * 2 * page_size, page_size);
  std::set<std::uint64_t> const pages = pages_of(map);
  CHECK(pages.size() == map.ranges().size());
  CHECK(pages.size() == 64);
  map.remove(0, page_size);
  map.add(1000 * page_size, 10 * page_size);
  map.remove(1004 * page_size, page_size);  // two ranges out of one, and no room
  for (std::uint64_t const page : pages_of(map)) CHECK(page != 1004);
}
