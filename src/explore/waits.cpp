#include "explore/waits.hpp"

#include <fmt/format.h>

#include "base/list.hpp"
#include "explore/flows.hpp"
#include "ke/object_type.hpp"
#include "ps/state.hpp"

namespace mica::explore {
namespace {

std::string_view kind_of(DISPATCHER_HEADER const& header) noexcept {
  switch (header.Type & 0x7F) {
    case ke::EventNotificationObject:
      return "notification event";
    case ke::EventSynchronizationObject:
      return "synchronization event";
    case ke::MutantObject:
      return "mutant";
    case ke::SemaphoreObject:
      return "semaphore";
    case ke::ThreadObject:
      return "thread";
    case ke::TimerNotificationObject:
      return "notification timer";
    case ke::TimerSynchronizationObject:
      return "synchronization timer";
    default:
      return "object";
  }
}

std::string thread_name(Window const& window, _KTHREAD const& thread) {
  return fmt::format("{}{}", Agent::thread(thread.context.id).name(), window.name_of(&thread));
}

std::string object_line(Window const& window, KWAIT_BLOCK const& block) {
  auto const& header = *static_cast<DISPATCHER_HEADER const*>(block.Object);
  std::string line = fmt::format("  for the {}{} at {}", kind_of(header),
                                 window.name_of(block.Object), block.Object);
  if ((header.Type & 0x7F) == ke::MutantObject)
    if (auto const* const owner = reinterpret_cast<KMUTANT const&>(header).OwnerThread)
      line += ", which " + thread_name(window, *owner) + " owns";
  return line + "\n";
}

std::string thread_lines(Window const& window, _KTHREAD const& thread) {
  auto const state = ke::wait_word::state(thread.wait.load());
  if (state == ke::wait_word::idle || state == ke::wait_word::claimed) return {};
  std::string lines = fmt::format("{} waits\n", thread_name(window, thread));
  for (ULONG i = 0; i < thread.active_count; ++i)
    lines += object_line(window, thread.active_blocks[i]);
  return lines;
}

}  // namespace

std::string who_waits(Window const& window) {
  ke::Processor const* const block = window.processor();
  if (!block) return {};
  std::string lines;
  block->ps->threads.for_each([&](ps::Client& client) {
    lines += thread_lines(window, MICA_CONTAINING(client, _ETHREAD, client).kernel);
  });
  for (ULONG i = 0; i < block->ke->count; ++i) {
    hal_host::Seat const& seat = *block->ke->processors[i].machine.core.seat;
    if (seat.activity.load() == hal_host::Activity::awaits && !seat.guard.open())
      lines += fmt::format("processor {} spins until the {} bytes{} at {} are not {:#x}\n", i,
                           seat.guard.bytes, window.name_of(seat.guard.word), seat.guard.word,
                           seat.guard.seen);
  }
  return lines;
}

}  // namespace mica::explore
