// The battery-backed calendar clock.
#pragma once

#include <cstdint>

namespace mica::hal_x64 {

// The date and time it shows, in 100 ns since 1601, taken as UTC. Boot only: not shared with other
// readers.
[[nodiscard]] std::uint64_t read_calendar() noexcept;

// Days from 1601-01-01 to a date of the Gregorian calendar. `month` 1 to 12, `day` from 1.
[[nodiscard]] constexpr std::uint64_t days_since_1601(unsigned year, unsigned month,
                                                      unsigned day) noexcept {
  constexpr unsigned before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  bool const leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  std::uint64_t const years = year - 1601;
  return years * 365 + years / 4 - years / 100 + years / 400 + before[(month - 1) % 12] +
         (leap && month > 2 ? 1 : 0) + day - 1;
}
static_assert(days_since_1601(1601, 1, 1) == 0);
static_assert(days_since_1601(1970, 1, 1) == 134774);
static_assert(days_since_1601(2000, 3, 1) == 134774 + 11017);

}  // namespace mica::hal_x64
