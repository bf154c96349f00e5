// What the machine calls, all in one place.
#include "init/start.hpp"
#include "ke/apc.hpp"
#include "ke/boundary.hpp"
#include "ke/device_interrupt.hpp"
#include "ke/interrupts.hpp"
#include "ldr/dispatch.hpp"
#include "mm/state.hpp"

namespace mica::init {
namespace {

// What interrupts somebody is none of that one's business, exceptions neither.
template <auto handler, class... Arguments>
void NTAPI inside_barrier(Arguments... arguments) noexcept {
  ke::ExceptionBarrier const barrier;
  handler(arguments...);
}

}  // namespace

hal::Handlers const& NTAPI handlers() noexcept {
  static constexpr hal::Handlers table{
      .apc = inside_barrier<ke::apc_interrupt>,
      .dispatch = inside_barrier<ke::dispatch_interrupt>,
      .ipi = inside_barrier<ke::ipi_interrupt>,
      .clock = inside_barrier<ke::clock_interrupt, KIRQL>,
      .device = inside_barrier<ke::device_interrupt, std::uint8_t>,
      .idle = ke::idle,
      .fault = ke::fault,
      .table_page = mm::table_page,
      .takes_fault = ldr::takes_fault,
  };
  return table;
}

}  // namespace mica::init
