// Strong types where a mix-up would compile: addresses, page numbers, times.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace mica {

inline constexpr std::size_t page_shift = 12;
inline constexpr std::size_t page_size = std::size_t{1} << page_shift;

// A physical page, counted from physical address 0.
struct PageNumber {
  std::uint64_t value;
  auto operator<=>(PageNumber const&) const = default;
};

// No page: what an allocation that failed returns.
inline constexpr PageNumber no_page{~std::uint64_t{0}};

struct PhysicalAddress {
  std::uint64_t value;
  auto operator<=>(PhysicalAddress const&) const = default;
};

[[nodiscard]] constexpr PhysicalAddress address_of(PageNumber page) noexcept {
  return {page.value << page_shift};
}
[[nodiscard]] constexpr PageNumber page_of(PhysicalAddress address) noexcept {
  return {address.value >> page_shift};
}

// A moment on a machine's interrupt time: units of 100 ns since it started. Never goes backwards.
struct InterruptTime {
  std::uint64_t value_100ns;
  auto operator<=>(InterruptTime const&) const = default;
};

// Later than every moment: a clock armed for it never fires.
inline constexpr InterruptTime never{~std::uint64_t{0}};

}  // namespace mica
