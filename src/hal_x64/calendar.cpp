#include "hal_x64/calendar.hpp"

#include "hal_x64/instructions.hpp"

namespace mica::hal_x64 {

namespace {

struct Reading {
  std::uint8_t second, minute, hour, day, month, year, century;
  bool operator==(Reading const&) const = default;
};

enum Cell : std::uint8_t {
  cell_second = 0,
  cell_minute = 2,
  cell_hour = 4,
  cell_day = 7,
  cell_month = 8,
  cell_year = 9,
  cell_status_a = 0x0a,
  cell_status_b = 0x0b,
  cell_century = 0x32,
};

std::uint8_t cell(Cell index) noexcept {
  out8(0x70, index);
  return in8(0x71);
}

Reading read_cells() noexcept {
  constexpr std::uint8_t update_in_progress = 0x80;
  for (unsigned tries = 0; tries < 100'000 && (cell(cell_status_a) & update_in_progress); ++tries)
    pause();
  return {cell(cell_second), cell(cell_minute), cell(cell_hour),   cell(cell_day),
          cell(cell_month),  cell(cell_year),   cell(cell_century)};
}

}  // namespace

std::uint64_t read_calendar() noexcept {
  // An update may begin between two cells: two equal readings are one that no update cut through.
  Reading now = read_cells();
  for (Reading again = read_cells(); again != now; again = read_cells()) now = again;

  constexpr std::uint8_t binary = 4, hours_24 = 2, afternoon = 0x80;
  std::uint8_t const format = cell(cell_status_b);
  auto const number = [&](std::uint8_t value) -> unsigned {
    return format & binary ? value : (value >> 4) * 10u + (value & 15u);
  };
  unsigned hour = number(now.hour & ~afternoon);
  if (!(format & hours_24)) hour = hour % 12 + (now.hour & afternoon ? 12 : 0);
  unsigned const century = number(now.century);
  unsigned const year = (century >= 16 && century < 100 ? century : 20) * 100 + number(now.year);
  std::uint64_t const seconds = days_since_1601(year, number(now.month), number(now.day)) * 86'400 +
                                hour * 3'600u + number(now.minute) * 60u + number(now.second);
  return seconds * 10'000'000;
}

}  // namespace mica::hal_x64
