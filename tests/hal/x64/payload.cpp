// The suite as an image of its own: mica_hal.elf. `fault=NAME` on its command line makes that fault
// instead.
#include "hal_x64/payload.hpp"

#include "faults.hpp"
#include "pc.hpp"
#include "suite.hpp"

namespace mica::hal_x64::payload {

hal::Handlers const& prepare(unsigned processors) noexcept {
  hal_suite::prepare(processors);
  return hal_suite::fault_wanted() ? hal_suite::fault_handlers() : hal_suite::handlers();
}

Machine::Processor& processor_block(unsigned number) noexcept {
  return hal_suite::processor_block(number);
}

unsigned time_rate() noexcept {
  return 1;
}

void start() noexcept {
  if (hal_suite::fault_wanted()) hal_suite::make_fault();
  hal_suite::start_with(hal_suite::pc_cases());
}

}  // namespace mica::hal_x64::payload
