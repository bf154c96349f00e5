// Stopping every other processor for ever: by NMI, which no level and no disabled interrupt
// withholds.
#include <machine.hpp>

#include <bit>

#include "hal_x64/apic.hpp"
#include "hal_x64/instructions.hpp"
#include "hal_x64/processors.hpp"

namespace mica {

namespace hal_x64 {

namespace {

constinit std::atomic<std::uint32_t> freezer{0};  // tag of who froze the others; 0: nobody
constinit std::atomic<std::uint32_t> frozen{0};   // how many stopped

// A processor that an emulator does not run, or that is stuck in its own NMI, is not waited for for
// ever.
void await_frozen(unsigned count) noexcept {
  for (unsigned tries = 0; tries < 50'000'000 && frozen.load(std::memory_order_acquire) < count;
       ++tries)
    pause();
}

}  // namespace

bool is_freezer() noexcept {
  return freezer.load(std::memory_order_acquire) == processor_tag();
}

void stop_if_frozen() noexcept {
  std::uint32_t const who = freezer.load(std::memory_order_acquire);
  if (who == 0 || who == processor_tag()) return;
  frozen.fetch_add(1, std::memory_order_acq_rel);
  halt_for_ever();
}

}  // namespace hal_x64

// Two processors may do it at once: the second is stopped by the first, here or by the NMI that is
// on its way.
void Machine::freeze_others() noexcept {
  (void)disable_interrupts();
  std::uint32_t nobody = 0;
  std::uint32_t const self = hal_x64::processor_tag();
  if (!hal_x64::freezer.compare_exchange_strong(nobody, self, std::memory_order_acq_rel)) {
    if (nobody == self) return;
    hal_x64::halt_for_ever();
  }
  std::uint32_t const others = hal_x64::online_processors() & ~(1u << processor_number());
  unsigned count = 0;
  for (std::uint32_t left = others; left != 0; left &= left - 1, ++count) {
    hal_x64::apic::send_nmi(hal_x64::apic_id_of(static_cast<unsigned>(std::countr_zero(left))));
  }
  hal_x64::await_frozen(count);
}

}  // namespace mica
