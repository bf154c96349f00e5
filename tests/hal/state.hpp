// What one run of the suite keeps. For the suite's own files, not for cases.
#pragma once

#include "suite.hpp"

namespace mica::hal_suite {

// How a job is handed to a processor: `wanted` counts the jobs asked for, `ended` those done.
struct Mailbox {
  Count wanted;
  Count ended;
  std::atomic<void (*)()> job;
};

struct State {
  unsigned processors;
  Machine::Processor blocks[most_processors];
  Count checks, failures, idle_entered;
  std::atomic<void (*)()> apc, dispatch, ipi, clock;
  std::atomic<void (*)(std::uint8_t vector)> device;
  std::atomic<KIRQL> clock_interrupted;
  std::atomic<bool> refuse_tables;
  Mailbox mailboxes[most_processors];
  // Physical pages and addresses not handed out yet.
  std::atomic<std::uint64_t> next_page, end_page;
  std::byte* next_address;
  hal::Stack spare_stacks[4];

  void clear() noexcept;
};

extern State state;

// Takes the largest range of physical memory. Before new_page.
void take_pages() noexcept;
// A stack out of fresh pages, with its guard.
[[nodiscard]] hal::Stack make_stack() noexcept;

}  // namespace mica::hal_suite
