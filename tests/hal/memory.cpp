// Physical memory, mappings and their protections, the wide compare-exchange.
#include <cstring>

#include "suite.hpp"

namespace mica::hal_suite {

namespace {

using hal::Protection;

bool readable(void const* address) {
  std::byte copy{};
  return Machine::copy_guarded(&copy, address, 1);
}
bool writable(void* address) {
  std::byte const value{0x5a};
  return Machine::copy_guarded(address, &value, 1);
}

void ranges() {
  std::uint64_t end = 0;
  HAL_CHECK(!Machine::physical_memory().empty());
  for (hal::PageRange const range : Machine::physical_memory()) {
    HAL_CHECK(range.count > 0);
    HAL_CHECK(range.first.value >= end);
    end = range.first.value + range.count;
    for (PageNumber const page : {range.first, PageNumber{end - 1}}) {
      std::byte* const bytes = Machine::direct(address_of(page));
      HAL_CHECK(readable(bytes) && readable(bytes + page_size - 1));
    }
  }
  hal::VirtualRange const space = Machine::system_space();
  HAL_CHECK(space.base && space.bytes >= std::size_t{16} << 20);
  HAL_CHECK(!readable(space.base + space.bytes - page_size));
}

void mapped_and_unmapped() {
  PageNumber const page = new_page();
  std::byte* const address = new_addresses(1);
  HAL_CHECK(!readable(address));
  HAL_CHECK(Machine::map(address, page, Protection::read_write));
  HAL_CHECK(writable(address));
  std::byte* const direct = Machine::direct(address_of(page));
  HAL_CHECK(*direct == std::byte{0x5a});
  direct[page_size - 1] = std::byte{0x77};
  HAL_CHECK(address[page_size - 1] == std::byte{0x77});
  Machine::unmap(address);
  HAL_CHECK(!readable(address) && !writable(address));
  Machine::flush(address, 1);
  HAL_CHECK(!readable(address));
}

void one_page_twice() {
  PageNumber const page = new_page();
  std::byte* const first = new_addresses(2);
  std::byte* const second = first + page_size;
  HAL_CHECK(Machine::map(first, page, Protection::read_write));
  HAL_CHECK(Machine::map(second, page, Protection::read_only));
  first[100] = std::byte{42};
  HAL_CHECK(second[100] == std::byte{42});
  HAL_CHECK(!writable(second));
  Machine::unmap(first);
  Machine::flush(first, 1);
  HAL_CHECK(readable(second) && !readable(first));
  Machine::unmap(second);
  Machine::flush(second, 1);
}

void protections() {
  std::byte* const address = new_addresses(1);
  HAL_CHECK(Machine::map(address, new_page(), Protection::read_write));
  *address = std::byte{1};
  struct Expected {
    Protection protection;
    bool reads, writes;
  };
  constexpr Expected all[] = {{Protection::read_only, true, false},
                              {Protection::no_access, false, false},
                              {Protection::read_write, true, true},
                              {Protection::execute, true, false},
                              {Protection::write_execute, true, true},
                              {Protection::read_write, true, true}};
  for (Expected const& expected : all) {
    Machine::protect(address, expected.protection);
    Machine::flush(address, 1);
    HAL_CHECK(readable(address) == expected.reads);
    HAL_CHECK(writable(address) == expected.writes);
  }
  HAL_CHECK(*address == std::byte{0x5a});
  Machine::unmap(address);
  Machine::flush(address, 1);
}

void guarded_copies() {
  std::byte* const address = new_addresses(2);  // the second page stays unmapped
  HAL_CHECK(Machine::map(address, new_page(), Protection::read_write));
  std::byte buffer[64];
  std::memset(buffer, 0x33, sizeof buffer);
  HAL_CHECK(Machine::copy_guarded(address + page_size - 64, buffer, 64));
  HAL_CHECK(address[page_size - 1] == std::byte{0x33} &&
            address[page_size - 64] == std::byte{0x33});
  HAL_CHECK(!Machine::copy_guarded(address + page_size - 63, buffer, 64));
  HAL_CHECK(!Machine::copy_guarded(buffer, address + page_size - 63, 64));
  HAL_CHECK(Machine::copy_guarded(buffer, address + page_size, 0));
  {
    Raised const raised{HIGH_LEVEL};
    HAL_CHECK(!readable(address + page_size));
    HAL_CHECK(Machine::irql() == HIGH_LEVEL);
  }
  Machine::unmap(address);
  Machine::flush(address, 1);
}

constexpr std::size_t table_reach = std::size_t{512} * page_size;  // of one page of page table

void no_table_page() {
  std::byte* const address = new_addresses(1, table_reach);
  PageNumber const page = new_page();
  refuse_table_pages(true);
  bool const mapped = Machine::map(address, page, Protection::read_write);
  refuse_table_pages(false);
  HAL_CHECK(readable(address) == mapped);  // a machine that needs none maps it
  if (!mapped) HAL_CHECK(Machine::map(address, page, Protection::read_write));
  HAL_CHECK(writable(address));
  Machine::unmap(address);
  Machine::flush(address, 1);
}

// ---- Several processors make the same table at once.
std::byte* common;
constexpr std::size_t pages_each = 4;

void map_my_part() {
  std::byte* const first = common + Machine::processor_number() * pages_each * page_size;
  for (std::size_t i = 0; i < pages_each; ++i) {
    HAL_CHECK(Machine::map(first + i * page_size, new_page(), Protection::read_write));
    HAL_CHECK(writable(first + i * page_size));
  }
  for (std::size_t i = 0; i < pages_each; ++i) Machine::unmap(first + i * page_size);
  Machine::flush(first, pages_each);
  for (std::size_t i = 0; i < pages_each; ++i) HAL_CHECK(!readable(first + i * page_size));
}

void mapping_together() {
  for (unsigned round = 0; round < 1 + 4 / Machine::processor_count(); ++round) {
    common = new_addresses(pages_each * most_processors, table_reach);
    run_everywhere(map_my_part);
  }
}

// ---- Two words that change together.
alignas(16) std::uint64_t wide[2];

void wide_exchange() {
  wide[0] = 1;
  wide[1] = 2;
  std::uint64_t expected[2] = {1, 3};
  std::uint64_t const desired[2] = {7, 8};
  HAL_CHECK(!Machine::compare_exchange_16(wide, expected, desired));
  HAL_CHECK(expected[0] == 1 && expected[1] == 2 && wide[0] == 1 && wide[1] == 2);
  HAL_CHECK(Machine::compare_exchange_16(wide, expected, desired));
  HAL_CHECK(wide[0] == 7 && wide[1] == 8);
}

constexpr std::uint64_t additions = 100;

void add_to_both() {
  std::uint64_t expected[2] = {0, 0};
  for (std::uint64_t i = 0; i < additions;) {
    std::uint64_t const desired[2] = {expected[0] + 1, expected[1] - 1};
    if (Machine::compare_exchange_16(wide, expected, desired)) {
      ++i;
      expected[0] = desired[0];
      expected[1] = desired[1];
    }
    HAL_CHECK(expected[0] + expected[1] == 0);
  }
}

void wide_exchange_together() {
  wide[0] = wide[1] = 0;
  run_everywhere(add_to_both);
  HAL_CHECK(wide[0] == additions * Machine::processor_count());
  HAL_CHECK(wide[0] + wide[1] == 0);
}

constexpr Case cases[] = {
    {"memory: physical ranges are apart and directly mapped", ranges},
    {"memory: a page is there from map to unmap", mapped_and_unmapped},
    {"memory: one page at two addresses, each with its protection", one_page_twice},
    {"memory: protections hold and keep the contents", protections},
    {"memory: a guarded copy fails at what is not mapped", guarded_copies},
    {"memory: without a table page map fails and maps nothing", no_table_page},
    {"memory: processors map side by side", mapping_together, 2},
    {"memory: the wide compare-exchange sees and changes both words", wide_exchange},
    {"memory: the wide compare-exchange is atomic", wide_exchange_together, 2},
};

}  // namespace

std::span<Case const> memory_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
