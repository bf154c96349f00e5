// What the machine calls, all in one place.
#include "init/start.hpp"
#include "ke/apc.hpp"
#include "ke/device_interrupt.hpp"
#include "ke/interrupts.hpp"
#include "mm/state.hpp"

namespace mica::init {

hal::Handlers const& NTAPI handlers() noexcept {
  static constexpr hal::Handlers table{
      .apc = ke::apc_interrupt,
      .dispatch = ke::dispatch_interrupt,
      .ipi = ke::ipi_interrupt,
      .clock = ke::clock_interrupt,
      .device = ke::device_interrupt,
      .idle = ke::idle,
      .fault = ke::fault,
      .table_page = mm::table_page,
  };
  return table;
}

}  // namespace mica::init
