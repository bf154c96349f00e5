#include "explore/dependence.hpp"

#include <algorithm>
#include <tuple>

namespace mica::explore {

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

// The first page is nobody's memory.
void Footprint::add_wire(unsigned processor, bool writes) {
  touches_.push_back({processor, 0xFF, writes});
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
