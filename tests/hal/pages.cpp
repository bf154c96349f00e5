// Pages, addresses and stacks for the suite, all through the seam.
#include <cstring>

#include "state.hpp"

namespace mica::hal_suite {

void State::clear() noexcept {
  processors = 0;
  for (Count* const count : {&checks, &failures, &idle_entered}) count->store(0);
  for (auto* const hook : {&dispatch, &ipi, &clock}) hook->store(nullptr);
  refuse_tables.store(false);
  for (Mailbox& mailbox : mailboxes) {
    mailbox.wanted.store(0);
    mailbox.ended.store(0);
  }
  next_page.store(0);
  end_page.store(0);
  next_address = nullptr;
  for (hal::Stack& stack : spare_stacks) stack = {};
}

void take_pages() noexcept {
  hal::PageRange largest{};
  for (hal::PageRange const range : Machine::physical_memory()) {
    if (range.count > largest.count) largest = range;
  }
  state.next_page.store(largest.first.value);
  state.end_page.store(largest.first.value + largest.count);
  state.next_address = Machine::system_space().base;
}

PageNumber new_page() noexcept {
  PageNumber const page{state.next_page.fetch_add(1)};
  if (page.value >= state.end_page.load()) {
    print("the suite is out of pages\n");
    Machine::stop(hal::Verdict::failed);
  }
  std::memset(Machine::direct(address_of(page)), 0, page_size);
  return page;
}

std::byte* new_addresses(std::size_t pages, std::size_t alignment) noexcept {
  auto const next = reinterpret_cast<std::uintptr_t>(state.next_address);
  auto* const first = reinterpret_cast<std::byte*>((next + alignment - 1) & ~(alignment - 1));
  state.next_address = first + pages * page_size;
  return first;
}

hal::Stack make_stack() noexcept {
  constexpr std::size_t guard_pages = (Machine::stack_guard + page_size - 1) / page_size;
  constexpr std::size_t pages = Machine::stack_size / page_size;
  std::byte* const base = new_addresses(guard_pages + pages) + guard_pages * page_size;
  for (std::size_t i = 0; i < pages; ++i) {
    if (!Machine::map(base + i * page_size, new_page(), hal::Protection::read_write)) {
      print("the suite cannot map a stack\n");
      Machine::stop(hal::Verdict::failed);
    }
  }
  return {base, Machine::stack_size};
}

hal::Stack spare_stack(unsigned index) noexcept {
  hal::Stack& stack = state.spare_stacks[index];
  if (!stack.base) stack = make_stack();
  return stack;
}

}  // namespace mica::hal_suite
