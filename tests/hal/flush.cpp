// After flush no processor uses what it remembered of a mapping.
#include "suite.hpp"

namespace mica::hal_suite {

namespace {

using hal::Protection;

std::byte* address;
std::size_t pages;
Count looked[most_processors], changed;
std::atomic<bool> expect_read, expect_write;

bool read_at(std::byte const* at) {
  std::byte copy{};
  return Machine::copy_guarded(&copy, at, 1);
}
bool write_at(std::byte* at) {
  std::byte const value{1};
  return Machine::copy_guarded(at, &value, 1);
}

// Looks, so that the translation is remembered, and again after the change.
void look_twice() {
  ULONG const me = Machine::processor_number();
  for (std::size_t i = 0; i < pages; ++i) HAL_CHECK(write_at(address + i * page_size));
  looked[me].store(1, std::memory_order_release);
  await_at_least(changed, 1);
  for (std::size_t i = 0; i < pages; ++i) {
    HAL_CHECK(read_at(address + i * page_size) == expect_read.load());
    HAL_CHECK(write_at(address + i * page_size) == expect_write.load());
  }
}

template <class Change>
void change_under_everybody(std::size_t count, bool reads, bool writes, Change change) {
  pages = count;
  address = new_addresses(count);
  for (std::size_t i = 0; i < count; ++i) {
    HAL_CHECK(Machine::map(address + i * page_size, new_page(), Protection::read_write));
  }
  expect_read.store(reads);
  expect_write.store(writes);
  changed.store(0);
  unsigned const processors = Machine::processor_count();
  for (unsigned i = 1; i < processors; ++i) {
    looked[i].store(0);
    begin(i, look_twice);
  }
  for (unsigned i = 1; i < processors; ++i) await_at_least(looked[i], 1);
  for (std::size_t i = 0; i < count; ++i) change(address + i * page_size);
  Machine::flush(address, count);
  changed.store(1, std::memory_order_release);
  for (unsigned i = 1; i < processors; ++i) finish(i);
  for (std::size_t i = 0; i < count; ++i) Machine::unmap(address + i * page_size);
  Machine::flush(address, count);
}

void unmapping() {
  for (std::size_t const count : {1, 3, 40}) {
    change_under_everybody(count, false, false, [](std::byte* at) { Machine::unmap(at); });
  }
}

void protecting() {
  change_under_everybody(2, true, false,
                         [](std::byte* at) { Machine::protect(at, Protection::read_only); });
  change_under_everybody(2, false, false,
                         [](std::byte* at) { Machine::protect(at, Protection::no_access); });
}

// Everybody flushes at once, some at DISPATCH_LEVEL: they must answer each other.
void flushing_together() {
  run_everywhere([] {
    // Each asks every other, and emulated processors may share few real ones.
    for (unsigned round = 0; round < 20 / Machine::processor_count(); ++round) {
      Raised const raised{Machine::processor_number() % 2 ? KIRQL{DISPATCH_LEVEL}
                                                          : KIRQL{PASSIVE_LEVEL}};
      Machine::flush(address, pages);
    }
  });
}

constexpr Case cases[] = {
    {"flush: every processor loses an unmapped page", unmapping, 2},
    {"flush: every processor follows a new protection", protecting, 2},
    {"flush: processors flush at the same time", flushing_together, 2},
};

}  // namespace

std::span<Case const> flush_cases() noexcept {
  return cases;
}

}  // namespace mica::hal_suite
