#include "hal_x64/console.hpp"

#include <machine.hpp>

#include "hal_x64/instructions.hpp"
#include "hal_x64/processors.hpp"

namespace mica {

namespace hal_x64 {

namespace {

enum Port : std::uint16_t {
  port_data = 0x3f8,
  port_interrupts = 0x3f9,
  port_fifo = 0x3fa,
  port_line = 0x3fb,
  port_modem = 0x3fc,
  port_status = 0x3fd,
};
constexpr std::uint8_t data_ready = 0x01, can_send = 0x20;

// APIC id + 1 of the processor that writes, 0: none. Held with interrupts disabled: only a fault or
// an NMI finds its own processor here, and goes ahead. So does whoever froze all others.
constinit std::atomic<std::uint32_t> writer{0};

class Turn {
 public:
  Turn() noexcept : enabled_{Machine::disable_interrupts()} {
    std::uint32_t const self = processor_tag();
    for (;;) {
      std::uint32_t holder = 0;
      owned_ = writer.compare_exchange_strong(holder, self, std::memory_order_acquire);
      if (owned_ || holder == self || is_freezer()) return;
      pause();
    }
  }
  ~Turn() {
    if (owned_) writer.store(0, std::memory_order_release);
    Machine::restore_interrupts(enabled_);
  }
  Turn(Turn const&) = delete;
  Turn& operator=(Turn const&) = delete;

 private:
  bool enabled_;
  bool owned_ = false;
};

// A port that never becomes ready loses the byte instead of hanging the kernel.
void send(char byte) noexcept {
  for (unsigned tries = 0; tries < 1'000'000; ++tries) {
    if (in8(port_status) & can_send) return out8(port_data, static_cast<std::uint8_t>(byte));
    pause();
  }
}

}  // namespace

void start_console() noexcept {
  out8(port_interrupts, 0);
  out8(port_line, 0x80);  // the next two name the divisor
  out8(port_data, 1);
  out8(port_interrupts, 0);
  out8(port_line, 3);
  out8(port_fifo, 7);  // on, emptied
  out8(port_modem, 3);
}

}  // namespace hal_x64

void Machine::debug_output(char const* text, std::size_t bytes) noexcept {
  hal_x64::Turn const turn;
  for (std::size_t i = 0; i < bytes; ++i) hal_x64::send(text[i]);
}

int Machine::debug_input() noexcept {
  std::uint8_t const status = hal_x64::in8(hal_x64::port_status);
  constexpr std::uint8_t no_port = 0xff;
  if (status == no_port || !(status & hal_x64::data_ready)) return -1;
  return hal_x64::in8(hal_x64::port_data);
}

}  // namespace mica
