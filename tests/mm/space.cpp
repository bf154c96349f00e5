// System PTEs and kernel stacks in a running System.
#include <mica/system.hpp>

#include <rapidcheck.h>

#include <cstring>
#include <map>
#include <vector>

#include "catch.hpp"
#include "mm/state.hpp"

using namespace mica;

TEST_CASE("system space: ranges keep apart by an unmapped page, and can be used again", "[mm]") {
  CHECK(rc::check([] {
    auto const sizes = *rc::gen::container<std::vector<unsigned>>(100, rc::gen::inRange(1u, 200u));
    bool held = true;
    System system;
    system.run([&] {
      mm::SystemSpace& space = mm::state().space;
      std::map<std::byte*, std::size_t> ranges;
      for (unsigned const pages : sizes) {
        if (pages % 3 == 0 && !ranges.empty()) {
          space.release(ranges.begin()->first, ranges.begin()->second);
          ranges.erase(ranges.begin());
        }
        std::byte* const base = space.reserve(pages);
        held = held && base != nullptr && space.contains(base);
        auto const after = ranges.lower_bound(base);
        held =
            held && (after == ranges.end() || base + ((pages + 1) << page_shift) <= after->first);
        if (after != ranges.begin()) {
          auto const before = std::prev(after);
          held = held && before->first + ((before->second + 1) << page_shift) <= base;
        }
        ranges[base] = pages;
      }
      for (auto const& [base, pages] : ranges) space.release(base, pages);
    });
    RC_ASSERT(held);
  }));
}

TEST_CASE("system space: what is mapped is found, and its pages come back", "[mm]") {
  bool mapped = false;
  bool same_memory = false;
  bool gone = false;
  bool all_back = false;
  System system;
  system.run([&] {
    mm::State& mm = mm::state();
    // The machine keeps its table pages: they are there before counting.
    std::byte* const range = mm.space.reserve(4);
    static_cast<void>(mm.space.populate(range, 4));
    mm.space.depopulate(range, 4);

    std::size_t const before = mm.pages.free_pages();
    mapped = mm.space.populate(range, 4) && mm.pages.free_pages() == before - 4;
    std::memset(range, 0x5A, 4 * page_size);
    PageNumber const page = mm.space.page_at(range + 3 * page_size + 17);
    same_memory = page != no_page && static_cast<unsigned char*>(mm::direct(page))[17] == 0x5A;
    mm.space.depopulate(range, 4);
    unsigned char byte;
    gone = mm.space.page_at(range) == no_page && !Machine::copy_guarded(&byte, range, 1);
    mm.space.release(range, 4);
    all_back = mm.pages.free_pages() == before;
  });
  CHECK(mapped);
  CHECK(same_memory);
  CHECK(gone);
  CHECK(all_back);
}

TEST_CASE("stacks: large enough, apart, guarded, and given back", "[mm]") {
  bool held = true;
  bool guarded = true;
  bool reused = false;
  bool all_back = false;
  System system;
  system.run([&] {
    mm::State& mm = mm::state();
    std::vector<hal::Stack> stacks;
    auto take_all = [&] {
      for (int i = 0; i < 50; ++i) {
        hal::Stack const stack = mm::allocate_stack();
        held = held && stack.base != nullptr && stack.bytes >= Machine::stack_size &&
               stack.bytes % 16 == 0;
        std::memset(stack.base, i, stack.bytes);
        unsigned char byte;
        guarded = guarded &&
                  !Machine::copy_guarded(&byte, static_cast<std::byte*>(stack.base) - 1, 1) &&
                  !Machine::copy_guarded(
                      &byte, static_cast<std::byte*>(stack.base) - Machine::stack_guard, 1);
        stacks.push_back(stack);
      }
      for (int i = 0; i < 50; ++i) {
        auto const* const bytes = static_cast<unsigned char const*>(stacks[i].base);
        for (std::size_t at = 0; at < stacks[i].bytes; at += 61) held = held && bytes[at] == i;
      }
      for (hal::Stack const& stack : stacks) mm::free_stack(stack);
      stacks.clear();
    };
    take_all();
    mm.stacks.trim();
    std::size_t const before = mm.pages.free_pages();  // the machine's table pages stay
    take_all();
    hal::Stack const again = mm::allocate_stack();
    reused = again.base != nullptr && mm.pages.free_pages() < before;
    mm::free_stack(again);
    mm.stacks.trim();
    all_back = mm.pages.free_pages() == before;
  });
  CHECK(held);
  CHECK(guarded);
  CHECK(reused);
  CHECK(all_back);
}
