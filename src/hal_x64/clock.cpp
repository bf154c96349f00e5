#include "hal_x64/clock.hpp"

#include <machine.hpp>

#include <utility>

#include "hal_x64/apic.hpp"
#include "hal_x64/calendar.hpp"
#include "hal_x64/instructions.hpp"

namespace mica {

namespace hal_x64 {

namespace {

constexpr std::uint64_t units_per_second = 10'000'000;  // of 100 ns
constexpr unsigned scale_shift = 40;

struct Clock {
  std::uint64_t tsc_frequency;
  std::uint64_t tsc_start;
  std::uint64_t tsc_scale;  // 100 ns units of one tick, times 2^scale_shift
  std::uint64_t timer_frequency;
  std::uint64_t system_time_100ns;  // when the clock started
};
constinit Clock clock_data{};

// The latest count anybody was told.
constinit std::atomic<std::uint64_t> latest{0};

// ---- Calibration against channel 2 of the interval timer, whose output port 0x61 shows.
struct Sample {
  std::uint64_t tsc;
  std::uint64_t timer;
};
constexpr std::uint32_t pit_frequency = 1'193'182;
constexpr std::uint32_t pit_count = pit_frequency / 200;  // 5 ms

Sample measure() noexcept {
  constexpr std::uint16_t control = 0x43, channel2 = 0x42, gate = 0x61;
  out8(gate, static_cast<std::uint8_t>((in8(gate) & ~2) | 1));  // speaker off, counting on
  out8(control, 0xb0);                                          // channel 2, one shot
  out8(channel2, pit_count & 0xff);
  out8(channel2, pit_count >> 8);
  apic::start_timer(~0u);
  std::uint64_t const start = read_tsc();
  while (!(in8(gate) & 0x20)) pause();
  Sample const sample{read_tsc() - start, ~0u - apic::timer_count()};
  apic::start_timer(0);
  return sample;
}

// The median of three: an emulator that was not scheduled in between spoils one of them.
Sample calibrate() noexcept {
  Sample sample[3] = {measure(), measure(), measure()};
  for (unsigned pass = 0; pass < 2; ++pass) {
    for (unsigned i = 0; i < 2; ++i) {
      if (sample[i + 1].tsc < sample[i].tsc) std::swap(sample[i], sample[i + 1]);
    }
  }
  return sample[1];
}

void program(std::uint64_t due_100ns) noexcept {
  constexpr std::uint64_t farthest = 30 * units_per_second;  // well within 32 bits of the timer
  std::uint64_t const now = Machine::interrupt_time().value_100ns;
  std::uint64_t const left = due_100ns > now ? due_100ns - now : 0;
  std::uint64_t const reach = left < farthest ? left : farthest;
  apic::start_timer(
      static_cast<std::uint32_t>(reach * clock_data.timer_frequency / units_per_second + 1));
}

}  // namespace

void start_clock(unsigned rate) noexcept {
  Sample const sample = calibrate();
  clock_data.tsc_frequency = sample.tsc * pit_frequency / pit_count / rate;
  clock_data.timer_frequency = sample.timer * pit_frequency / pit_count / rate;
  clock_data.tsc_scale = (units_per_second << scale_shift) / clock_data.tsc_frequency;
  clock_data.system_time_100ns = read_calendar();
  clock_data.tsc_start = read_tsc();
}

bool clock_is_due() noexcept {
  std::uint64_t& armed = Machine::current().armed_100ns;
  if (armed == 0) return false;
  if (Machine::interrupt_time().value_100ns < armed) {
    program(armed);
    return false;
  }
  armed = 0;
  return true;
}

}  // namespace hal_x64

// One count for all processors: whoever looks later never sees less, also where their counters
// differ.
std::uint64_t Machine::performance_counter() noexcept {
  std::uint64_t const now = hal_x64::read_tsc() - hal_x64::clock_data.tsc_start;
  std::uint64_t seen = hal_x64::latest.load(std::memory_order_acquire);
  while (static_cast<std::int64_t>(now - seen) > 0) {
    if (hal_x64::latest.compare_exchange_weak(seen, now, std::memory_order_acq_rel)) return now;
  }
  return seen;
}

std::uint64_t Machine::performance_frequency() noexcept {
  return hal_x64::clock_data.tsc_frequency;
}
std::uint64_t Machine::boot_system_time_100ns() noexcept {
  return hal_x64::clock_data.system_time_100ns;
}

InterruptTime Machine::interrupt_time() noexcept {
  auto const wide =
      static_cast<unsigned __int128>(performance_counter()) * hal_x64::clock_data.tsc_scale;
  return {static_cast<std::uint64_t>(wide >> hal_x64::scale_shift)};
}

void Machine::arm_clock(InterruptTime due) noexcept {
  bool const enabled = disable_interrupts();
  std::uint64_t& armed = current().armed_100ns;
  if (due == never) {
    armed = 0;
    hal_x64::apic::start_timer(0);
  } else {
    armed = due.value_100ns != 0 ? due.value_100ns : 1;
    hal_x64::program(armed);
  }
  restore_interrupts(enabled);
}

void Machine::stall(unsigned microseconds) noexcept {
  std::uint64_t const ticks = performance_frequency() * microseconds / 1'000'000 + 1;
  for (std::uint64_t const start = performance_counter(); performance_counter() - start < ticks;)
    hal_x64::pause();
}

}  // namespace mica
