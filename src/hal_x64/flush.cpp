#include "hal_x64/flush.hpp"

#include <machine.hpp>

#include <bit>

#include "hal_x64/apic.hpp"
#include "hal_x64/instructions.hpp"
#include "hal_x64/layout.hpp"
#include "hal_x64/paging.hpp"
#include "hal_x64/processors.hpp"

namespace mica {

namespace hal_x64 {

namespace {

// One request at a time. Its owner and those who wait for their turn keep interrupts enabled below
// IPI_LEVEL, so that they answer each other.
struct Request {
  std::atomic<std::uint32_t> taken;
  std::byte const* address;
  std::size_t pages;
  std::atomic<std::uint32_t> unanswered;  // bit n: processor n
};
constinit Request request{};

void drop(std::byte const* address, std::size_t pages) noexcept {
  constexpr std::size_t cheaper_one_by_one = 32;
  if (pages > cheaper_one_by_one) return write_cr3(kernel_root());  // no entry is global
  for (std::size_t i = 0; i < pages; ++i) invalidate_page(address + i * page_size);
}

void ask(std::uint32_t processors, std::byte const* address, std::size_t pages) noexcept {
  while (request.taken.exchange(1, std::memory_order_acquire) != 0) pause();
  request.address = address;
  request.pages = pages;
  request.unanswered.store(processors, std::memory_order_release);
  for (std::uint32_t left = processors; left != 0; left &= left - 1) {
    apic::send(apic_id_of(static_cast<unsigned>(std::countr_zero(left))), vector_flush);
  }
  while (request.unanswered.load(std::memory_order_acquire) != 0) pause();
  request.taken.store(0, std::memory_order_release);
}

}  // namespace

void answer_flush() noexcept {
  drop(request.address, request.pages);
  request.unanswered.fetch_and(~(1u << Machine::processor_number()), std::memory_order_release);
}

}  // namespace hal_x64

void Machine::flush(void* address, std::size_t pages) noexcept {
  KIRQL const old = irql();
  if (old < DISPATCH_LEVEL) raise(DISPATCH_LEVEL);
  auto const* const first = static_cast<std::byte const*>(address);
  hal_x64::drop(first, pages);
  std::uint32_t const others = hal_x64::online_processors() & ~(1u << processor_number());
  if (others != 0) hal_x64::ask(others, first, pages);
  lower(old);
}

}  // namespace mica
