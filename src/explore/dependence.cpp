#include "explore/dependence.hpp"

#include <algorithm>
#include <tuple>

#include "hal_host/simulation.hpp"

namespace mica::explore {
namespace {

// The first page is nobody's memory: the wires, one a processor, and what else is the machine's.
constexpr std::uintptr_t first_due = hal_host::max_processors;
constexpr std::uintptr_t time_cell = 2 * hal_host::max_processors, halt_cell = time_cell + 1;

}  // namespace

constinit thread_local Listener* Listener::hearing_ = nullptr;

void Footprint::add(void const volatile* address, std::size_t bytes, bool writes) {
  auto at = reinterpret_cast<std::uintptr_t>(address);
  for (std::uintptr_t const end = at + bytes; at < end;) {
    std::uintptr_t const offset = at % Cell::bytes;
    std::uintptr_t const here = std::min<std::uintptr_t>(Cell::bytes - offset, end - at);
    auto const mask = static_cast<std::uint8_t>(((1u << here) - 1) << offset);
    touches_.push_back({at / Cell::bytes, mask, writes});
    at += here;
  }
}

// Requests at the clock's level, those of other processors and all others do not meet: a byte each.
void Footprint::add_wire(unsigned processor) {
  touches_.push_back({processor, 0xFF, false});
}

void Footprint::add_request(unsigned processor, KIRQL level) {
  using namespace hal_host;
  std::uint8_t const byte = level == clock_level ? 1 : level == ipi_level ? 2 : 4;
  touches_.push_back({processor, byte, true});
}

void Footprint::add_due(unsigned processor) {
  touches_.push_back({first_due + processor, 0xFF, true});
}

void Footprint::add_time(bool passes) {
  touches_.push_back({time_cell, 0xFF, passes});
}

void Footprint::add_halt() {
  touches_.push_back({halt_cell, 0xFF, false});
}

void Footprint::add_jump(std::uint32_t processors) {
  add_time(true);
  touches_.push_back({halt_cell, 0xFF, true});
  for (unsigned i = 0; i < hal_host::max_processors; ++i) {
    touches_.push_back({first_due + i, 0xFF, false});
    if ((processors >> i & 1) != 0) add_request(i, hal_host::clock_level);
  }
}

void Footprint::add(Footprint const& other) {
  touches_.insert(touches_.end(), other.touches_.begin(), other.touches_.end());
}

void Footprint::settle() {
  auto const key = [](Touch const& touch) { return std::tuple{touch.cell, touch.writes}; };
  std::sort(touches_.begin(), touches_.end(),
            [&](Touch const& a, Touch const& b) { return key(a) < key(b); });
  std::size_t kept = 0;
  for (Touch const& touch : touches_) {
    if (kept != 0 && key(touches_[kept - 1]) == key(touch))
      touches_[kept - 1].bytes |= touch.bytes;
    else
      touches_[kept++] = touch;
  }
  touches_.resize(kept);
}

bool Footprint::conflicts(Footprint const& other) const noexcept {
  auto const before = [](Touch const& a, Touch const& b) { return a.cell < b.cell; };
  for (Touch const& touch : touches_) {
    auto const [first, end] =
        std::equal_range(other.touches_.begin(), other.touches_.end(), touch, before);
    if (std::any_of(first, end, [&](Touch const& one) { return one.conflicts(touch); }))
      return true;
  }
  return false;
}

}  // namespace mica::explore
